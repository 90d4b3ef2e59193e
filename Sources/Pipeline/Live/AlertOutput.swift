import Alerts
import CloudTrail
import Configuration
import Detection
import Kafka

/// Where alerts go: a topic for each format, and beside them the present form of their findings.
///
/// Everything is a part of whatever transaction the producer has begun.
struct AlertOutput {
    private struct Outlet {
        let format: AlertFormat
        let topic: ProducerTopic
        var encoder: AlertEncoder
    }

    private let producer: Producer
    private var outlets: [Outlet] = []
    private var findings: (topic: ProducerTopic, encoder: NativeAlert)?
    private let signer: AlertSigner?
    private let maximumBytes: Int

    /// The topics of a configuration; or, where one is named, only that: in the format that the configuration has it for,
    /// else in the native one.
    ///
    /// What is said again belongs on no table of findings: of two messages the later counts there, and a worker may have
    /// said something newer.
    init(
        _ producer: Producer,
        _ configuration: RunConfiguration,
        only name: String? = nil,
        writesFindings: Bool = true,
        signer: AlertSigner?,
        maximumBytes: Int
    ) throws(KafkaError) {
        (self.producer, self.signer, self.maximumBytes) = (producer, signer, maximumBytes)
        var formats = configuration.alerts.formats
        if let name { formats = [formats.first { configuration.topic(of: $0) == name } ?? .native] }
        for format in formats {
            let topic = try producer.topic(name ?? configuration.topic(of: format))
            outlets.append(Outlet(format: format, topic: topic, encoder: AlertEncoder(format)))
        }
        if writesFindings { findings = (try producer.topic(configuration.topics.findings), NativeAlert()) }
    }

    /// The topics that are written to.
    var topics: [ProducerTopic] { outlets.map(\.topic) + (findings.map { [$0.topic] } ?? []) }

    /// Queues an alert in every format, and the present form of each finding that it is about.
    ///
    /// `raised` is when, in milliseconds since 1970; `evidence` is told where files were verified.
    mutating func send(
        _ alert: Alert,
        raised: Int64,
        evidence: EvidenceStanding? = nil
    ) throws(KafkaError) {
        for index in outlets.indices {
            let messages = outlets[index].encoder.messages(
                for: alert,
                raised: raised,
                evidence: evidence,
                maximumBytes: maximumBytes
            )
            for message in messages { try send(message.alert, message.line, outlets[index]) }
        }
        for member in alert.members {
            guard
                let line = findings?.encoder.finding(
                    of: member,
                    evidence: evidence,
                    maximumBytes: maximumBytes
                ),
                let topic = findings?.topic
            else { break }
            try producer.produce(
                to: topic,
                key: Array(member.findingID.utf8),
                value: line,
                headers: headers(of: member, schema: NativeAlert.findingSchema)
            )
        }
    }

    /// Queues that a finding is kept no more: its key without a value.
    func forget(_ identity: FindingIdentity) throws(KafkaError) {
        guard let topic = findings?.topic else { return }
        try producer.produce(to: topic, key: Array(identity.findingID.utf8), value: nil)
    }

    private func send(_ alert: Alert, _ line: [UInt8], _ outlet: Outlet) throws(KafkaError) {
        var headers = headers(of: alert, schema: outlet.format.schema, type: outlet.format.contentType)
        if alert.isRepublished { headers.append(Header("republished", "true")) }
        if let signer { headers += signer.headers(of: line) }
        try producer.produce(
            to: outlet.topic,
            key: Array(alert.findingID.utf8),
            value: line,
            headers: headers
        )
    }

    /// For readers that route without parsing.
    private func headers(
        of alert: Alert,
        schema: String,
        type: String = "application/json"
    ) -> [Header] {
        let finding = alert.finding
        return [
            Header("schema", schema), Header("content-type", type),
            Header("rule_id", finding.identity.rule), Header("severity", finding.severity.rawValue),
            Header("status", finding.status.rawValue), Header("verdict", finding.verdict.rawValue),
            Header("account_id", finding.identity.subject.scope.account.description),
        ]
    }
}

extension KafkaConfiguration {
    /// The most bytes that an alert may have: a message is that, its key, its headers and a frame.
    var alertBytes: Int { messageBytes - 4096 }
}
