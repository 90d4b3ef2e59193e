import Alerts
package import Configuration
package import Detection
import Kafka

/// Publishes the alert of every finding that stands once more, for an alerts topic that was made anew or a reader that
/// is new.
///
/// It reads the state and the catalogue, and writes alerts in one transaction; workers go on meanwhile. One thread
/// owns it.
package final class Republisher {
    /// What would be, or was, published.
    package struct Summary: Sendable {
        /// Alerts, one a finding.
        package var alerts = 0
        /// Findings of which something else is about to be published.
        package var changing = 0
        /// The ids of the findings whose facts are forgotten.
        package var forgotten: [String] = []
    }

    /// What is published, in the order of `Summary`: an alert's finding is admitted by what it says, one that cannot be
    /// said again by its identity.
    package struct Choice {
        let identities: (FindingIdentity) -> Bool
        let findings: (Finding) -> Bool

        /// All that both admit.
        package init(
            identities: @escaping (FindingIdentity) -> Bool,
            findings: @escaping (Finding) -> Bool
        ) {
            (self.identities, self.findings) = (identities, findings)
        }
    }

    /// Where the alerts go.
    package let topics: [String]
    /// Where the partitions of the state and the catalogue ended when they were read: `amiwatch.state[0]=17`.
    package let offsets: [String]

    private let clients: KafkaClients
    private let only: String?
    private let signer: AlertSigner?
    private let log: RunLog
    private let advice: FailureAdvice
    private var engine: Engine
    private var open: [FindingIdentity] = []

    /// Connects, and reads the state and the catalogue.
    ///
    /// `policy` is the workers'; `topic` alone gets the alerts when it is given, in the format that the configuration has
    /// it for, else in the native one. Otherwise all configured topics of alerts do.
    /// - Throws: `RunFailure`.
    package init(_ configuration: RunConfiguration, policy: Policy, topic: String?, log: RunLog) throws {
        let clients = try KafkaClients(configuration)
        (self.clients, self.log) = (clients, log)
        only = topic
        topics = topic.map { [$0] } ?? configuration.alerts.formats.map(configuration.topic)
        signer = try AlertSigner(configuration)
        advice = FailureAdvice(clients, .republish(configuration, to: topics))
        let state = try advice.completing { [topics] in
            let topics = try RepublishingTopics(clients, targets: topics, log: log)
            return try ClusterState(clients, topics.read, policy: policy, log: log)
        }
        (engine, offsets) = (state.engine, state.offsets)
        open = engine.openFindings()
    }

    /// Goes through the alerts of what is chosen, in a fixed order.
    ///
    /// - Returns: what was gone through.
    /// - Throws: `RunFailure` when the policy is not the workers', and would say something else; what `body` throws.
    package func forEach(_ choice: Choice, _ body: (Alert) throws -> Void) throws -> Summary {
        var summary = Summary()
        var differing = 0
        for identity in open where choice.identities(identity) {
            switch engine.republished(identity) {
            case .alert(let alert):
                guard choice.findings(alert.finding) else { continue }
                summary.alerts += 1
                try body(alert)
            case .changing(let isJudgedByOther):
                summary.changing += 1
                if isJudgedByOther { differing += 1 }
            case .forgotten: summary.forgotten.append(identity.findingID)
            }
        }
        try ClusterState.refuse(findings: differing, of: open.count, judgedByOtherThan: engine.policy)
        return summary
    }

    /// Publishes the alerts of what is chosen, all or none.
    ///
    /// - Returns: what was published.
    /// - Throws: `RunFailure`; the line says whether anything was published.
    package func publish(_ choice: Choice) throws -> Summary {
        // Before a transaction is begun, because readers of the topic wait as long as it is open.
        let summary = try forEach(choice) { _ in }
        guard summary.alerts > 0 else { return summary }
        try advice.completing {
            let output = try RepublishingOutput(
                clients,
                only: only,
                signer: signer,
                alerts: summary.alerts,
                log: log
            )
            try output.write { send in _ = try forEach(choice, send) }
        }
        return summary
    }
}
