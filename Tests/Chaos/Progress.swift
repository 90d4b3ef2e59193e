import Foundation
import Glibc
import Kafka
import KafkaTestSupport

/// Where the two consumer groups stand in what they read.
struct Progress {
    private struct Group {
        let consumer: Consumer
        let partitions: [TopicPartition]
    }

    private let groups: [Group]
    private var places: [TopicPartition: Int64] = [:]
    /// How many workers have ended since a partition moved on.
    private var ends: [TopicPartition: Int] = [:]
    private(set) var lag = Int.max

    init(at servers: String, partitions: Int) throws {
        groups = try [("amiwatch", "amiwatch.events"), ("amiwatch-intake", "cloudtrail")].map {
            group,
            topic in
            // As they are committed now, whatever transaction is open.
            Group(
                consumer: try Consumer([
                    "bootstrap.servers": servers, "group.id": group, "isolation.level": "read_uncommitted",
                    "socket.timeout.ms": "5000",
                ]),
                partitions: (0..<partitions).map { TopicPartition(topic, Int32($0)) }
            )
        }
    }

    /// Looks; false when the brokers do not answer.
    mutating func look() -> Bool {
        var sum = 0
        for group in groups {
            guard
                let found = try? group.consumer.groupPositions(
                    in: group.partitions,
                    timeout: .seconds(5)
                )
            else { return false }
            for (partition, position) in found {
                sum += Int(position.end - position.offset)
                if position.offset > places[partition] ?? -1 || position.offset >= position.end {
                    places[partition] = position.offset
                    ends[partition] = 0
                }
            }
        }
        lag = sum
        return true
    }

    /// A worker ends now, and may have stood at any place.
    mutating func noteEnd() {
        for partition in groups.flatMap(\.partitions) { ends[partition, default: 0] += 1 }
    }

    /// Whether more ends at one place could make a record look like what ends the process.
    ///
    /// After three ends at one place records go one at a time, and after three more at one record that goes to the dead
    /// letters, as it has to.
    var isOneEndTooMany: Bool { (ends.values.max() ?? 0) >= 4 }
}
