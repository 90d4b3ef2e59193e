import Alerts
import CloudTrail
import Configuration
import Detection
import Glibc
import Kafka

/// Everything that the board tells, as metrics for Prometheus.
///
/// Labels have few values by design: rules, severities, reasons, stages, this worker's partitions; never an account or an
/// image.
struct MetricsPage {
    private let board: RunBoard
    private let readiness: Readiness
    private let configuration: RunConfiguration

    init(_ board: RunBoard, _ readiness: Readiness, _ configuration: RunConfiguration) {
        (self.board, self.readiness, self.configuration) = (board, readiness, configuration)
    }

    /// The page as it stands now.
    var bytes: [UInt8] {
        var text = PrometheusText()
        writeBuild(&text)
        writeRecords(&text)
        if readiness.stages.contains("detector") { writeDetector(&text) }
        writeDelays(&text)
        writePartitions(&text)
        writeKafka(&text)
        ProcessMetrics.write(to: &text)
        return text.bytes
    }

    private func writeBuild(_ text: inout PrometheusText) {
        text.gauges(
            "amiwatch_build_info",
            "The versions of amiwatch and librdkafka; always 1.",
            [([("version", Product.version), ("librdkafka", KafkaLibrary.version)], 1)]
        )
        text.gauges(
            "amiwatch_ready",
            "Whether /readyz says so: partitions assigned, state restored, Kafka answers.",
            [([], readiness.obstacles.isEmpty ? 1 : 0)]
        )
        text.gauges(
            "amiwatch_waiting_seconds",
            "How long a stage has waited for Kafka; 0 when it does not wait.",
            readiness.stages.map { stage in
                ([("stage", stage)], board.waiting(of: stage).map { (.now - $0.since) / .seconds(1) } ?? 0)
            }
        )
    }

    // MARK: Records

    private func writeRecords(_ text: inout PrometheusText) {
        let intake = board.intakeBalance
        let report = board.detectorReport
        var read: [(PrometheusText.Labels, Int)] = []
        var outcomes: [(PrometheusText.Labels, Int)] = []
        func add(_ stage: String, _ total: Int, _ counts: [(String, Int)]) {
            guard readiness.stages.contains(stage) else { return }
            read.append(([("stage", stage)], total))
            for (outcome, count) in counts {
                outcomes.append(([("stage", stage), ("outcome", outcome)], count))
            }
        }
        add(
            "intake",
            intake.read,
            [
                ("ignored", intake.ignored), ("forwarded", intake.forwarded),
                ("dead_lettered", intake.deadLettered),
            ]
        )
        add("detector", report.run.read, Self.outcomes(report.run))
        text.counters(
            "amiwatch_records_read_total",
            "Records that were read, and whose offsets are committed.",
            read
        )
        text.counters(
            "amiwatch_records_total",
            "What became of the records that were read: all outcomes of a stage add up to amiwatch_records_read_total.",
            outcomes
        )
        if readiness.stages.contains("intake") {
            let messages = board.intakeMetrics.messages
            text.counters(
                "amiwatch_candidate_messages_total",
                "Messages that held watched calls, by the shape that those came in.",
                Envelope.allCases.map { ([("shape", $0.rawValue)], messages[$0] ?? 0) }
            )
        }
        var letters: [(PrometheusText.Labels, Int)] = []
        for (stage, counts) in [
            ("intake", board.intakeMetrics.deadLetters), ("detector", board.detectorMetrics.deadLetters),
        ] where readiness.stages.contains(stage) {
            for reason in DeadLetter.Reason.allCases {
                letters.append(([("stage", stage), ("reason", reason.rawValue)], counts[reason] ?? 0))
            }
        }
        text.counters("amiwatch_dead_letters_total", "Records that could not be read, by reason.", letters)
    }

    private static func outcomes(_ balance: DetectorBalance) -> [(String, Int)] {
        [
            ("ignored", balance.ignored), ("applied", balance.applied), ("duplicate", balance.duplicate),
            ("dead_lettered", balance.deadLettered),
        ]
    }

    // MARK: The detector

    private func writeDetector(_ text: inout PrometheusText) {
        let (report, metrics) = (board.detectorReport, board.detectorMetrics)
        text.gauges(
            "amiwatch_state_records",
            "What became of all records since the state was created, of the partitions that this worker has.",
            ([("read", report.total.read)] + Self.outcomes(report.total)).map { outcome, count in
                ([("outcome", outcome)], Double(count))
            }
        )
        text.counters("amiwatch_alerts_total", "Alerts that were committed.", [([], report.alerts)])
        text.counters(
            "amiwatch_alerts_published_total",
            "Alerts that were committed, by what they say.",
            metrics.alerts.map { kind, count in
                (
                    [
                        ("rule", kind.rule), ("severity", kind.severity.rawValue),
                        ("status", kind.status.rawValue),
                    ], count
                )
            }.sorted { $0.0.map(\.value).lexicographicallyPrecedes($1.0.map(\.value)) }
        )
        writeFindings(metrics.openFindings, &text)
        text.counters(
            "amiwatch_transactions_total",
            "Transactions, by how they ended; the records of an aborted one are processed again.",
            [
                ([("outcome", "committed")], report.transactions),
                ([("outcome", "aborted")], report.aborted),
            ]
        )
        text.counters(
            "amiwatch_restores_total",
            "How often the state was read back from the changelog.",
            [([], report.restores)]
        )
        text.counters(
            "amiwatch_restored_entries_total",
            "What was read back: entries of the changelog, and what a snapshot gave instead.",
            [
                ([("from", "changelog")], report.restoredEntries),
                ([("from", "snapshot")], report.restoredFromSnapshot),
            ]
        )
        text.gauges(
            "amiwatch_restore_seconds",
            "How long the last restore took.",
            [([], report.restoreSeconds)]
        )
        if configuration.state.snapshotFolder != nil { writeSnapshot(report, &text) }
        text.counters(
            "amiwatch_offsets_out_of_range_total",
            "Committed offsets that the log did not hold any more: records were lost.",
            [([], report.offsetsOutOfRange)]
        )
        text.gauges(
            "amiwatch_accounts_silent",
            "Accounts that account-silent has found silent, of the partitions that this worker has.",
            [([], Double(report.silentAccounts))]
        )
        let size = metrics.stateSize
        text.gauges(
            "amiwatch_state_entries",
            "What the state holds in memory.",
            [
                ([("kind", "timeline")], Double(size.timelines)), ([("kind", "image")], Double(size.images)),
                ([("kind", "finding")], Double(size.findings)),
                ([("kind", "account")], Double(size.accounts)),
            ]
        )
        let largest = metrics.largestAccounts
        text.gauges(
            "amiwatch_state_largest_account",
            "How much of the state is of the account that has the most of it.",
            [
                ([("kind", "image")], Double(largest.images)),
                ([("kind", "instance")], Double(largest.instances)),
            ]
        )
        func counts(_ count: (ForgottenEarly.Tally) -> Int) -> [(PrometheusText.Labels, Int)] {
            ForgottenEarly.Kind.allCases.map { kind in
                ([("kind", kind.rawValue)], metrics.forgottenEarly[kind].map(count) ?? 0)
            }
        }
        text.counters(
            "amiwatch_state_forgotten_early_total",
            "What was forgotten before its time, because one account or one resource had too much of it.",
            counts(\.forgotten)
        )
        text.counters(
            "amiwatch_state_kept_beyond_limit_total",
            "What was looked at because one account has too much of it, and stays: something rests on it.",
            counts(\.kept)
        )
        if !metrics.policyHash.isEmpty {
            text.gauges(
                "amiwatch_policy_info",
                "The policy in force, by its SHA-256; always 1.",
                [([("hash", metrics.policyHash)], 1)]
            )
        }
        let reloads = board.policyReloads
        text.counters(
            "amiwatch_policy_reloads_total",
            "Policies that were offered while the worker ran, by what became of them.",
            [
                ([("outcome", "accepted")], reloads.accepted), ([("outcome", "refused")], reloads.refused),
                ([("outcome", "held")], reloads.held),
            ]
        )
        text.gauges(
            "amiwatch_policy_held",
            "Whether a policy is held back because it would change too many findings.",
            [([], report.heldPolicy == nil ? 0 : 1)]
        )
        if metrics.streamTime != .distantPast {
            text.gauges(
                "amiwatch_stream_time_seconds",
                "The event time that the records have come to, in seconds since 1970.",
                [([], Double(metrics.streamTime.seconds))]
            )
        }
    }

    private func writeSnapshot(_ report: DetectorReport, _ text: inout PrometheusText) {
        if report.snapshotCreated > 0 {
            text.gauges(
                "amiwatch_snapshot_created_seconds",
                "When the snapshot was taken that a restart would begin with, in seconds since 1970.",
                [([], Double(report.snapshotCreated) / 1000)]
            )
            text.gauges("amiwatch_snapshot_bytes", "How large it is.", [([], Double(report.snapshotBytes))])
        }
        text.counters(
            "amiwatch_snapshot_failures_total",
            "Snapshots that could not be written.",
            [([], report.snapshotFailures)]
        )
    }

    private func writeFindings(_ open: [OpenFindings: Int], _ text: inout PrometheusText) {
        var samples: [(PrometheusText.Labels, Double)] = []
        for severity in Severity.allCases {
            for verdict in [Verdict.violation, .undetermined] {
                let count = open[OpenFindings(severity: severity, verdict: verdict)] ?? 0
                samples.append(
                    ([("severity", severity.rawValue), ("verdict", verdict.rawValue)], Double(count))
                )
            }
        }
        let old = open.filter { $0.key.severity == nil || $0.key.verdict == nil }.values.reduce(0, +)
        if old > 0 { samples.append(([("severity", "unknown"), ("verdict", "unknown")], Double(old))) }
        text.gauges(
            "amiwatch_findings_open",
            "Findings that are open, of the accounts that this worker has.",
            samples
        )
    }

    // MARK: Time and partitions

    private func writeDelays(_ text: inout PrometheusText) {
        var processing: [(PrometheusText.Labels, Histogram)] = []
        if readiness.stages.contains("intake") {
            processing.append(([("stage", "intake")], board.intakeMetrics.processingDelay))
        }
        if readiness.stages.contains("detector") {
            processing.append(([("stage", "detector")], board.detectorMetrics.processingDelay))
            text.histograms(
                "amiwatch_event_delay_seconds",
                "From the event time of the deciding record to when its alert was committed.",
                [([], board.detectorMetrics.eventDelay)]
            )
        }
        text.histograms(
            "amiwatch_processing_delay_seconds",
            "From when a message was produced to when what it led to was handed on (intake) or committed (detector).",
            processing
        )
    }

    private func writePartitions(_ text: inout PrometheusText) {
        text.gauges(
            "amiwatch_partitions_owned",
            "Partitions that this worker has.",
            readiness.stages.map { stage in
                let count =
                    stage == "intake" ? board.intakePartitions.count : board.detectorReport.partitions.count
                return ([("stage", stage)], Double(count))
            }
        )
        for name in ["input", "events"] {
            let owned = board.groups.filter { $0.name == name }.flatMap { group in
                group.standings.filter { board.owns($0.key, group.role) }
            }
            text.gauges(
                "amiwatch_\(name)_lag",
                "Messages that wait in the partitions that this worker has, looked at every ten seconds.",
                owned.sorted { $0.key < $1.key }.map { partition, standing in
                    (
                        [("topic", partition.topic), ("partition", String(partition.partition))],
                        Double(standing.lag)
                    )
                }
            )
        }
    }

    // MARK: Kafka

    private func writeKafka(_ text: inout PrometheusText) {
        let clients = board.kafkaStatistics.sorted { $0.key < $1.key }.compactMap { name, json in
            KafkaStatistics(json).map { ([(name: "client", value: name)], $0) }
        }
        func counters(_ name: String, _ help: String, _ value: (KafkaStatistics) -> Int) {
            text.counters("amiwatch_kafka_\(name)", help, clients.map { ($0.0, value($0.1)) })
        }
        func gauges(_ name: String, _ help: String, _ value: (KafkaStatistics) -> Double) {
            text.gauges("amiwatch_kafka_\(name)", help, clients.map { ($0.0, value($0.1)) })
        }
        counters("sent_messages_total", "Messages that a client has sent.") { $0.messagesSent }
        counters("sent_message_bytes_total", "Their bytes, with what they are framed in.") {
            $0.messageBytesSent
        }
        counters("received_messages_total", "Messages that a client has received.") { $0.messagesReceived }
        counters("received_message_bytes_total", "Their bytes.") { $0.messageBytesReceived }
        counters("request_timeouts_total", "Requests of a client that had no answer in time.") {
            $0.requestTimeouts
        }
        counters("disconnects_total", "Connections of a client that were lost.") { $0.disconnects }
        counters("rebalances_total", "Rebalances of a client's group that it took part in.") { $0.rebalances }
        gauges("queued_messages", "Messages that a client has not sent yet.") { Double($0.queued) }
        gauges("brokers_up", "Brokers that a client is connected to.") { Double($0.brokersUp) }
        gauges("round_trip_seconds", "The slowest broker's mean time for an answer.") { $0.roundTrip }
    }
}
