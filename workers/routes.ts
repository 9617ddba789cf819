import { registerExplainRoutes } from "./control/access-explain.ts";
import { registerAgentsRoutes } from "./control/agents.ts";
import { registerAuditRoutes } from "./control/audit.ts";
import { registerAuthRoutes } from "./control/auth-routes.ts";
import { registerDeadLettersRoutes } from "./control/dead-letters.ts";
import { registerEventsRoutes } from "./control/events.ts";
import { registerInvitationDoorRoutes } from "./control/invitations-accept.ts";
import { registerInvitationRoutes } from "./control/invitations.ts";
import { registerIssuerRoutes } from "./control/issuers.ts";
import { registerJwksRoutes } from "./control/jwks.ts";
import { registerKeyRoutes } from "./control/keys.ts";
import { registerSelfRoutes } from "./control/me.ts";
import { registerMemberRoutes } from "./control/members.ts";
import { registerRevocationRoutes } from "./control/revocations.ts";
import { registerSubjectLoginRoutes } from "./control/subjects-door-login.ts";
import { registerSubjectRegisterRoutes } from "./control/subjects-door-register.ts";
import { registerSubjectSelfRoutes } from "./control/subjects-door-self.ts";
import { registerSubjectRoutes } from "./control/subjects.ts";
import { registerPublicRoutes } from "./control/public-things.ts";
import { registerTenantHostRoutes } from "./control/tenant-hosts.ts";
import { registerPlatformBackupRoutes } from "./control/platform-backups.ts";
import { registerPlatformKeyRingRoute } from "./control/platform-key-ring.ts";
import { registerTenantBackupRoutes } from "./control/tenant-backup-routes.ts";
import { registerTenantRestoreRoutes } from "./control/tenant-restore-routes.ts";
import { registerTenantRoutes } from "./control/tenant-routes.ts";
import { registerTokenRoutes } from "./control/tokens.ts";
import { registerTenantSettingsRoutes } from "./control/tenant-settings.ts";
import type { App } from "./http/app.ts";
import { registerConnectRoutes } from "./live/connect.ts";
import { registerBoardSocketRoutes } from "./live/leaderboard-socket.ts";
import { registerBoardRoutes } from "./live/leaderboards-boards.ts";
import { registerBulkScoreRoutes } from "./live/leaderboards-bulk.ts";
import { registerBoardDocumentRoutes } from "./live/leaderboards-document.ts";
import { registerBoardModeRoutes } from "./live/leaderboards-modes.ts";
import { registerBoardPlayerRoutes } from "./live/leaderboards-players.ts";
import { registerBoardReadRoutes } from "./live/leaderboards-reads.ts";
import { registerBoardReviewRoutes } from "./live/leaderboards-reviews.ts";
import { registerScoreRoutes } from "./live/leaderboards-scores.ts";
import { registerRealtimeRoutes } from "./live/realtime.ts";
import { registerRedisRoutes } from "./live/redis.ts";
import { registerRoomEventRoutes } from "./live/room-events.ts";
import { registerRoomSocketRoutes } from "./live/room-socket.ts";
import { registerRoomRoutes } from "./live/rooms-catalogue.ts";
import { registerRoomDocumentRoutes } from "./live/rooms-document.ts";
import { registerRoomImportRoutes } from "./live/rooms-import.ts";
import { registerRoomListRoutes } from "./live/rooms-list.ts";
import { registerRoomMediaRoutes } from "./live/rooms-media.ts";
import { registerRoomMemberRoutes } from "./live/rooms-members.ts";
import { registerRoomMessageRoutes } from "./live/rooms-messages.ts";
import { registerTopicEventRoutes } from "./live/topics-events.ts";
import { registerTopicMessageRoutes } from "./live/topics-messages.ts";
import { registerTopicRoutes } from "./live/topics-settings.ts";
import { registerTicketRoutes } from "./live/tickets.ts";
import { registerHostRoutes } from "./observe/hosts.ts";
import { registerMetricQueryRoutes } from "./observe/metric-query.ts";
import { registerMetricCatalogRoutes } from "./observe/catalog.ts";
import { registerMetricSettingsRoutes } from "./observe/metric-settings.ts";
import { registerSeriesDeletionRoutes } from "./observe/series-deletion.ts";
import { registerMetricRoutes } from "./observe/metrics.ts";
import { registerOtlpRoutes } from "./observe/otlp.ts";
import { registerImportRoutes } from "./observe/metrics-import.ts";
import { registerRemoteWriteRoutes } from "./observe/remote-write.ts";
import { registerConsoleRoutes } from "./platform-routes/console.ts";
import { registerDocsRoutes } from "./platform-routes/docs.ts";
import { registerHealthRoutes } from "./platform-routes/health.ts";
import { registerMetricsRoute } from "./platform-routes/metrics.ts";
import { registerOpenApiRoutes } from "./platform-routes/openapi.ts";
import { registerPlayRoutes } from "./platform-routes/play.ts";
import { registerProblemRoutes } from "./platform-routes/problems.ts";

/** Every capability's routes, one line each. The order decides only where two patterns meet on one path. */
export const ROUTES: readonly ((app: App) => void)[] = [
  registerHealthRoutes,
  registerOpenApiRoutes,
  registerDocsRoutes,
  registerProblemRoutes,
  registerMetricsRoute,
  registerConsoleRoutes,
  registerPlayRoutes,
  registerAuthRoutes,
  registerSelfRoutes,
  registerTenantRoutes,
  registerTenantSettingsRoutes,
  registerTenantHostRoutes,
  registerPublicRoutes,
  registerKeyRoutes,
  registerPlatformKeyRingRoute,
  registerPlatformBackupRoutes,
  registerTenantBackupRoutes,
  registerTenantRestoreRoutes,
  registerMemberRoutes,
  registerInvitationRoutes,
  registerInvitationDoorRoutes,
  registerAuditRoutes,
  registerEventsRoutes,
  registerDeadLettersRoutes,
  registerTokenRoutes,
  registerRevocationRoutes,
  registerJwksRoutes,
  registerIssuerRoutes,
  registerExplainRoutes,
  registerSubjectRoutes,
  registerSubjectRegisterRoutes,
  registerSubjectLoginRoutes,
  registerSubjectSelfRoutes,
  registerAgentsRoutes,
  registerMetricRoutes,
  registerMetricCatalogRoutes,
  registerSeriesDeletionRoutes,
  registerMetricSettingsRoutes,
  registerMetricQueryRoutes,
  registerImportRoutes,
  registerRemoteWriteRoutes,
  registerOtlpRoutes,
  registerHostRoutes,
  registerRedisRoutes,
  registerTicketRoutes,
  registerConnectRoutes,
  registerBoardSocketRoutes,
  registerBoardRoutes,
  registerBoardModeRoutes,
  registerBoardDocumentRoutes,
  registerScoreRoutes,
  registerBulkScoreRoutes,
  registerBoardReadRoutes,
  registerBoardPlayerRoutes,
  registerBoardReviewRoutes,
  registerRoomListRoutes,
  registerRoomRoutes,
  registerRoomMemberRoutes,
  registerRoomMessageRoutes,
  registerRoomImportRoutes,
  registerRoomDocumentRoutes,
  registerRoomMediaRoutes,
  registerRoomSocketRoutes,
  registerRoomEventRoutes,
  registerTopicRoutes,
  registerTopicMessageRoutes,
  registerTopicEventRoutes,
  registerRealtimeRoutes,
];

export function registerAll(app: App): void {
  for (const register of ROUTES) register(app);
}
