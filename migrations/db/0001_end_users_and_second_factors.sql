CREATE TABLE `control_backup` (
	`id` text PRIMARY KEY NOT NULL,
	`scope` text NOT NULL,
	`state` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`target` text NOT NULL,
	`bytes` integer DEFAULT 0 NOT NULL,
	`objects` integer DEFAULT 0 NOT NULL,
	`rows` integer DEFAULT 0 NOT NULL,
	`checksum` text,
	`problem` text
);
--> statement-breakpoint
CREATE INDEX `control_backup_scope` ON `control_backup` (`scope`,`started_at`);--> statement-breakpoint
CREATE TABLE `control_host` (
	`host` text PRIMARY KEY NOT NULL,
	`tenant_id` text NOT NULL,
	`verified_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `control_reseal_walk` (
	`ring_id` text PRIMARY KEY NOT NULL,
	`started_at` integer NOT NULL,
	`cursor` text,
	`walked` integer DEFAULT 0 NOT NULL,
	`resealed` integer DEFAULT 0 NOT NULL,
	`finished_at` integer
);
--> statement-breakpoint
CREATE TABLE `identity_passkey` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text,
	`public_key` text NOT NULL,
	`user_id` text NOT NULL,
	`credential_id` text NOT NULL,
	`counter` integer NOT NULL,
	`device_type` text NOT NULL,
	`backed_up` integer NOT NULL,
	`transports` text,
	`created_at` integer,
	`aaguid` text,
	FOREIGN KEY (`user_id`) REFERENCES `identity_user`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE UNIQUE INDEX `identity_passkey_credential_id_unique` ON `identity_passkey` (`credential_id`);--> statement-breakpoint
CREATE INDEX `identity_passkey_user` ON `identity_passkey` (`user_id`);--> statement-breakpoint
CREATE TABLE `identity_subject` (
	`tenant_id` text NOT NULL,
	`ref` text NOT NULL,
	`issuer` text NOT NULL,
	`sub` text NOT NULL,
	`name` text NOT NULL,
	`email` text,
	`guest` integer NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`search` text NOT NULL,
	`source` text NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `ref`)
);
--> statement-breakpoint
CREATE INDEX `identity_subject_newest` ON `identity_subject` (`tenant_id`,`created_at`,`ref`);--> statement-breakpoint
CREATE TABLE `identity_two_factor` (
	`id` text PRIMARY KEY NOT NULL,
	`secret` text NOT NULL,
	`backup_codes` text NOT NULL,
	`user_id` text NOT NULL,
	`verified` integer DEFAULT true,
	`failed_verification_count` integer DEFAULT 0,
	`locked_until` integer,
	FOREIGN KEY (`user_id`) REFERENCES `identity_user`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `identity_two_factor_user` ON `identity_two_factor` (`user_id`);--> statement-breakpoint
ALTER TABLE `identity_user` ADD `two_factor_enabled` integer DEFAULT false;