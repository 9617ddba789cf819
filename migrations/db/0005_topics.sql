CREATE TABLE `topic_catalogue` (
	`tenant_id` text NOT NULL,
	`topic` text NOT NULL,
	`settings` text NOT NULL,
	`hub` integer NOT NULL,
	`version` integer NOT NULL,
	`state` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `topic`)
);
--> statement-breakpoint
CREATE INDEX `topic_catalogue_deleting` ON `topic_catalogue` (`updated_at`) WHERE state = 'deleting';