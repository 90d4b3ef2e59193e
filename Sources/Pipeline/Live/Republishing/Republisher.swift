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

    package let topic: String
    /// Where the partitions of the state and the catalogue ended when they were read: `amiwatch.state[0]=17`.
    package private(set) var offsets: [String] = []

    private let clients: KafkaClients
    private let log: RunLog
    private let advice: FailureAdvice
    private var engine: Engine
    private var open: [FindingIdentity] = []

    /// Connects, and reads the state and the catalogue.
    ///
    /// `policy` is the workers'; `topic` gets the alerts, if it is another one than the configured.
    /// - Throws: `RunFailure`.
    package init(_ configuration: RunConfiguration, policy: Policy, topic: String?, log: RunLog) throws {
        let clients = try KafkaClients(configuration)
        (self.clients, self.log) = (clients, log)
        self.topic = topic ?? configuration.topics.alerts
        advice = FailureAdvice(clients, .republish(configuration, to: self.topic))
        engine = Engine(policy: policy, settings: .live(configuration.detector, endsWhenRead: true))
        try advice.completing {
            let topics = try RepublishingTopics(clients, target: self.topic, log: log)
            let ends = try StateReading(clients, log: log).read(
                state: topics.state,
                catalogue: topics.catalogue,
                into: &engine
            )
            offsets = ends.sorted { $0.key < $1.key }.map { "\($0.key.name)=\($0.value)" }
        }
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
        guard differing == 0 else {
            throw RunFailure(
                "\(differing) of \(open.count) open findings were published by another policy than "
                    + "\(engine.policy.hash.prefix(12)), and would be others by this one",
                advice:
                    "give --policy the policy of the workers; if it is, wait until they have judged by it",
                cause: nil
            )
        }
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
            let output = try RepublishingOutput(clients, topic: topic, alerts: summary.alerts, log: log)
            try output.write { send in _ = try forEach(choice, send) }
        }
        return summary
    }
}
