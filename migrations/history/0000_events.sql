CREATE TABLE `control_dead_letter` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`message_id` text NOT NULL,
	`queue` text NOT NULL,
	`event_id` text,
	`type` text,
	`subject` text,
	`reason` text NOT NULL,
	`attempts` integer NOT NULL,
	`failed_at` integer NOT NULL,
	`replayed_at` integer,
	`body` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `control_dead_letter_failed` ON `control_dead_letter` (`tenant_id`,`failed_at`,`id`);--> statement-breakpoint
CREATE TABLE `control_event` (
	`tenant_id` text NOT NULL,
	`id` text NOT NULL,
	`source` text NOT NULL,
	`seq` integer NOT NULL,
	`type` text NOT NULL,
	`subject` text NOT NULL,
	`at` integer NOT NULL,
	`data` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `control_event_type` ON `control_event` (`tenant_id`,`type`,`id`);--> statement-breakpoint
CREATE INDEX `control_event_subject` ON `control_event` (`tenant_id`,`subject`,`id`);--> statement-breakpoint
CREATE TABLE `control_event_count` (
	`tenant_id` text NOT NULL,
	`type` text NOT NULL,
	`hour` integer NOT NULL,
	`events` integer NOT NULL,
	`amount` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `type`, `hour`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `control_event_counted` (
	`tenant_id` text NOT NULL,
	`source` text NOT NULL,
	`seqs` text NOT NULL,
	`writer` text NOT NULL,
	PRIMARY KEY(`tenant_id`, `source`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `control_sweep` (
	`name` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL
);
