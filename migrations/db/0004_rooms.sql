CREATE TABLE `room_catalogue` (
	`tenant_id` text NOT NULL,
	`room` text NOT NULL,
	`kind` text NOT NULL,
	`settings` text NOT NULL,
	`members` text NOT NULL,
	`version` integer NOT NULL,
	`state` text NOT NULL,
	`declared` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `room`)
);
--> statement-breakpoint
CREATE INDEX `room_catalogue_declared` ON `room_catalogue` (`tenant_id`,`room`) WHERE declared = 1;--> statement-breakpoint
CREATE INDEX `room_catalogue_unfinished` ON `room_catalogue` (`updated_at`) WHERE state <> 'live';