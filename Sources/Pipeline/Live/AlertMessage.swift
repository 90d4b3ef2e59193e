import Alerts
import CloudTrail
import Detection
import Kafka

extension Producer {
    /// Queues an alert as a message: its finding is the key, and headers serve readers that route without parsing.
    func produce(_ alert: Alert, _ line: [UInt8], to topic: ProducerTopic) throws(KafkaError) {
        let finding = alert.finding
        var headers = [
            Header("schema", NativeAlert.schema), Header("rule_id", finding.identity.rule),
            Header("severity", finding.severity.rawValue), Header("status", finding.status.rawValue),
            Header("verdict", finding.verdict.rawValue),
            Header("account_id", finding.identity.subject.scope.account.description),
        ]
        if alert.isRepublished { headers.append(Header("republished", "true")) }
        try produce(to: topic, key: Array(alert.findingID.utf8), value: line, headers: headers)
    }
}

extension KafkaConfiguration {
    /// The most bytes that an alert may have: a message is that, its key, its headers and a frame.
    var alertBytes: Int { messageBytes - 4096 }
}
