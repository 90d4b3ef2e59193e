import Configuration
import Detection
import Kafka

extension Engine.Settings {
    /// What a live detector uses.
    static func live(
        _ detector: RunConfiguration.Detector,
        endsWhenRead: Bool,
        messageBytes: Int = KafkaConfiguration.usualMessageBytes
    ) -> Engine.Settings {
        var settings = Engine.Settings()
        settings.horizonSeconds = Int64(detector.horizonHours) * 3600
        settings.retentionSeconds = Int64(detector.retentionDays) * 86_400
        settings.endedAtMost = detector.endedPerAccount
        settings.entryBytes = messageBytes / 2
        settings.keepsJournal = true
        settings.subjectsAtOnce = DetectorCore.Limits().sliceSubjects
        settings.delaysUndetermined = !endsWhenRead && detector.settleSeconds > 0
        return settings
    }
}
