import Configuration
import Detection
import Kafka

// The snapshot of before, and the file of the next.

extension Detector {
    /// Finds the snapshot that this worker left behind; nil where none are kept.
    ///
    /// A folder that cannot be used costs the snapshots, and not the run.
    func openSnapshots() -> Snapshots? {
        guard let folder = configuration.state.snapshotFolder else { return nil }
        let name = configuration.instanceID ?? HostName.current
        do throws(SnapshotFault) {
            let store = try SnapshotStore(in: folder, name: "\(configuration.groupID)-\(name)")
            var snapshots = Snapshots(
                store,
                name: name,
                path: store.path,
                interval: .seconds(configuration.state.snapshotIntervalSeconds),
                tombstones: layout.tombstoneMilliseconds,
                now: core.clock.now()
            )
            do throws(SnapshotFault) {
                snapshots.found = try store.open(
                    for: SnapshotOwner(configuration, layout),
                    now: core.clock.milliseconds(),
                    tombstones: layout.tombstoneMilliseconds
                )
                if snapshots.found == nil { log.info("no snapshot yet", ["path": .text(store.path)]) }
            } catch { log.unusedSnapshot(store.path, error) }
            return snapshots
        } catch {
            log.warning("running without snapshots", ["cause": .text("\(error)")])
            return nil
        }
    }

    /// Takes the catalogue back from the snapshot; false when it is read from its beginning.
    func beginWithSnapshot() throws(KafkaError) -> Bool {
        guard core.snapshots?.found != nil else { return false }
        let names = (0..<Int32(clamping: layout.cataloguePartitions)).map {
            TopicPartition(configuration.topics.catalogue, $0)
        }
        let begun = core.clock.now()
        let found = try answers.measure { () throws(KafkaError) in
            try ends.watermarks(of: names, timeout: answerTime)
        }
        guard found.count == names.count, var load = core.beginCatalogueFromSnapshot(found) else {
            return false
        }
        do throws(StateError) {
            while !board.isStopping {
                let end = core.clock.now() + core.limits.sliceTime
                guard try load.take(until: end, core.clock, into: &core.engine) else { continue }
                core.readCatalogueOn()
                core.report.restoredFromSnapshot += load.count
                log.info(
                    "catalogue taken from the snapshot",
                    [
                        "things": .number(load.count),
                        "milliseconds": .number(Int((core.clock.now() - begun) / .milliseconds(1))),
                    ]
                )
                return true
            }
        } catch {
            core.startCatalogueAnew(newEngine(), .unreadable("\(error)"))
        }
        return false
    }
}

extension RunLog {
    /// Says why a snapshot, or a part of it, is not used; what it would have told is read from the topics.
    func unusedSnapshot(_ path: String, _ fault: SnapshotFault, partition: Int32? = nil) {
        warning(
            "snapshot is not used; reading the state from its topics",
            ["path": .text(path), "cause": .text("\(fault)")]
                + (partition.map { ["partition": .number(Int($0))] } ?? [:])
        )
    }
}
