CREATE TABLE `live_holder` (
	`tenant_id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`noted_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `kind`, `name`)
);
--> statement-breakpoint
CREATE TABLE `live_revocation` (
	`tenant_id` text NOT NULL,
	`credential` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `credential`)
);
--> statement-breakpoint
CREATE INDEX `live_revocation_age` ON `live_revocation` (`at`);