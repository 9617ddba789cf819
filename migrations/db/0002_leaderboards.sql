CREATE TABLE `leaderboard_board` (
	`tenant_id` text NOT NULL,
	`board` text NOT NULL,
	`mode` text,
	`config` text NOT NULL,
	`version` integer NOT NULL,
	`state` text NOT NULL,
	`pending` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `board`)
);
--> statement-breakpoint
CREATE INDEX `leaderboard_board_unfinished` ON `leaderboard_board` (`updated_at`) WHERE state <> 'live' OR pending IS NOT NULL;--> statement-breakpoint
CREATE TABLE `leaderboard_mode` (
	`tenant_id` text NOT NULL,
	`mode` text NOT NULL,
	`defaults` text,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant_id`, `mode`)
);
