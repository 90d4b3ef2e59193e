import Alerts
import Configuration
import KafkaTestSupport
import Testing

@testable import Pipeline

/// One finding in one alert, whatever the format of the message that carries it.
struct Told: Hashable {
    /// Its alert's id.
    let alert: String
    /// `open`, `resolved` or `retracted`, as the finding is after it.
    let status: String
}

extension Stage {
    /// What was told of each finding, in order, in the native format.
    func toldNatively() throws -> [String: [Told]] {
        var told: [String: [Told]] = [:]
        for message in try alerts() {
            let alert = try #require(JSONTree(Array((message.value ?? "").utf8)))
            #expect(message.key == alert["finding_id"]?.text)
            let status = alert["status"]?.text == "updated" ? "open" : alert["status"]?.text
            let instances = alert["instances"]?.elements ?? []
            for about in instances.isEmpty ? [alert] : instances {
                let (id, finding) = (about["alert_id"]?.text, about["finding_id"]?.text)
                told[finding ?? "", default: []].append(Told(alert: id ?? "", status: status ?? ""))
            }
        }
        return told
    }

    /// The same as OCSF Detection Findings.
    func toldAsOCSF() throws -> [String: [Told]] {
        var told: [String: [Told]] = [:]
        let words = [1: "open", 2: "open", 4: "resolved", 6: "retracted"]
        for message in try readAll(configuration.topic(of: .ocsf), at: broker.bootstrapServers) {
            let event = try #require(JSONTree(Array((message.value ?? "").utf8)))
            let finding = event["finding_info"]?["uid"]?.text
            #expect(message.key == finding)
            let status = event["status_id"]?.integer.flatMap { words[$0] }
            let id = event["metadata"]?["uid"]?.text
            told[finding ?? "", default: []].append(Told(alert: id ?? "", status: status ?? ""))
        }
        return told
    }

    /// The statuses of each finding on the findings' topic, in order; `forgotten` for a message without a value.
    func findingStatuses() throws -> [String: [String]] {
        var statuses: [String: [String]] = [:]
        for message in try readAll(topics.findings, at: broker.bootstrapServers) {
            let finding = message.value.flatMap { JSONTree(Array($0.utf8)) }
            if let finding { #expect(finding["finding_id"]?.text == message.key) }
            statuses[message.key ?? "", default: []].append(finding?["status"]?.text ?? "forgotten")
        }
        return statuses
    }
}

/// Every format and the findings' topic tell what the native alerts tell: the same of each finding, in the same order.
func expectInStep(_ stage: Stage) throws {
    let told = try stage.toldNatively()
    #expect(!told.isEmpty)
    if stage.configuration.alerts.formats.contains(.ocsf) { #expect(try stage.toldAsOCSF() == told) }
    #expect(try stage.findingStatuses() == told.mapValues { $0.map(\.status) })
}
