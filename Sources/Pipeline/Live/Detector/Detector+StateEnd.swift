import Configuration
import Kafka

// Where the changelog ends is asked of a leader, and one that was frozen or cut off still tells the end of before.

extension Detector {
    /// How long the changelog may lack what the group's offsets promise, before they are taken for moved by hand:
    /// longer than a broker that comes back takes to learn who leads.
    private static let statePatience = Duration.seconds(10)
    private static let askingPause = Duration.milliseconds(200)

    /// Whether what was read back holds everything that was committed with the group's offsets; if not, the changelog's
    /// end is looked for once more.
    ///
    /// Each transaction writes both, so that the state's offset is never behind the group's, unless somebody moves that.
    func hasCompleteState(_ restoring: inout Restoring) throws(KafkaError) -> Bool {
        guard let lacking = lackingSource(restoring) else { return true }
        let now = ContinuousClock.now
        let since = restoring.lackingSince ?? now
        restoring.lackingSince = since
        guard now - since < Self.statePatience else {
            let known = shares[lacking.name.partition]?.positions[lacking.name]
            log.warning(
                "committed offset is ahead of the state: it was moved by hand, or the state topic has lost records",
                [
                    "topic": .text(lacking.name.topic), "partition": .number(Int(lacking.name.partition)),
                    "committed_offset": .number(Int(restoring.groupPlaces[lacking.name] ?? 0)),
                    "state_offset": .text(known.map { "\($0)" } ?? "none"),
                    "state_topic": .text(configuration.topics.state),
                ]
            )
            return true
        }
        guard now >= restoring.nextAsking ?? now else { return false }
        restoring.nextAsking = now + Self.askingPause
        try readOn(&restoring)
        return false
    }

    /// What the state lacks, for the log; nil when it is complete.
    func lackingPlace(_ restoring: Restoring) -> String? {
        guard let source = lackingSource(restoring), let place = restoring.groupPlaces[source.name] else {
            return nil
        }
        let state = TopicPartition(configuration.topics.state, source.name.partition).name
        return "\(state) to hold the committed offset \(place) of \(source.name.name)"
    }

    private func lackingSource(_ restoring: Restoring) -> Source? {
        sources.first { source in
            guard restoring.concerns(source), let place = restoring.groupPlaces[source.name] else {
                return false
            }
            return shares[source.name.partition]?.positions[source.name] ?? 0 < place
        }
    }

    /// Reads what has come to the changelog behind where it was said to end.
    private func readOn(_ restoring: inout Restoring) throws(KafkaError) {
        let topic = configuration.topics.state
        ends.refreshMetadata()
        let names = restoring.partitions.sorted().map { TopicPartition(topic, $0) }
        let found = try ends.logOffsets(.end, of: names, timeout: restoringAnswerTime)
        try stopReadingState()
        var more: [PartitionOffset] = []
        for (name, end) in found {
            guard let read = restoring.read[name.partition], end > read else { continue }
            restoring.waiting[name.partition] = end
            more.append(PartitionOffset(name, .at(read)))
        }
        if more.isEmpty { return }
        try reader.addAssignment(more)
        stateReading = Set(more.map(\.partition.partition))
    }
}
