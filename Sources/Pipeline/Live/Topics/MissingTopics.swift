import Glibc
import Kafka

/// Topics that are deleted under a run: writing to them is not tried for ever.
struct MissingTopics {
    private let names: [String]
    private let clients: KafkaClients
    private let board: RunBoard

    /// What the lack of a topic may look like.
    private static let codes: Set<KafkaError.Code> = [
        .unknownTopicOrPartition, .unknownTopic, .unknownPartition, .messageTimedOut, .timedOut,
    ]
    /// A broker that comes or goes does not know a topic for a moment.
    private static let looks = 4
    private static let pause: UInt32 = 700_000

    /// The topics that a run cannot do without.
    init(_ names: [String], _ clients: KafkaClients, board: RunBoard) {
        self.names = names
        self.clients = clients
        self.board = board
    }

    /// Asks for the topics when that may be what an error comes from; takes seconds if so.
    ///
    /// - Throws: `RunFailure` that names those that are gone.
    func check(after error: KafkaError) throws {
        guard Self.codes.contains(error.code), !board.isStopping else { return }
        var missing = names
        for look in 1...Self.looks {
            guard let found = gone(of: missing), !found.isEmpty, !board.isStopping else { return }
            missing = found
            if look < Self.looks { usleep(Self.pause) }
        }
        throw Trouble.gone(missing)
    }

    /// Those that the cluster does not know; nil when it does not answer.
    private func gone(of names: [String]) -> [String]? {
        do throws(KafkaError) {
            let admin = try Admin(clients.admin)
            var gone: [String] = []
            for name in names where try admin.describeTopic(name, timeout: .seconds(2)) == nil {
                gone.append(name)
            }
            return gone
        } catch { return nil }
    }
}
