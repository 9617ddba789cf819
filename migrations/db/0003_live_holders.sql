CREATE TABLE `live_holder` (
	`tenant_id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`noted_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `kind`, `name`)
);
