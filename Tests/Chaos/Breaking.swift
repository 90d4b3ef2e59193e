import Foundation
import Glibc
import KafkaTestSupport

/// Carries a schedule out: one fault after the other, and what undoes each when its time has come.
struct Breaking {
    private enum Moment {
        case at(ContinuousClock.Instant)
        /// After so many faults.
        case fault(Int)
    }

    private let scene: Scene
    private let feeder: Feeder
    private var progress: Progress
    private var pending: [(moment: Moment, undo: (inout Breaking) throws -> Void)] = []
    private var done = 0
    private var brokerInTrouble: Int? {
        didSet { brokersCalmSince = brokerInTrouble == nil ? .now : nil }
    }
    /// When the last broker came back; nil while one is away.
    private var brokersCalmSince: ContinuousClock.Instant? = .now - .seconds(60)
    private(set) var isOtherPolicy = false
    /// What happened, by name.
    private(set) var counts: [String: Int] = [:]
    /// Workers that ended by themselves, and what ended in another way than it should.
    private(set) var complaints: [String] = []

    /// The worker that comes and goes.
    private var spare: ChaosWorker { scene.workers[scene.workers.count - 1] }

    init(_ scene: Scene, _ feeder: Feeder) throws {
        (self.scene, self.feeder) = (scene, feeder)
        progress = try Progress(at: scene.cluster.bootstrapServers, partitions: Scene.partitions)
    }

    /// Does all of it; in the end all workers but the spare one run, and all brokers.
    mutating func run(_ schedule: Schedule) throws {
        var place = 0
        for step in schedule.steps {
            try produce(from: place, to: step.place, within: step.pause)
            place = step.place
            try begin(step.fault)
            done += 1
        }
        feeder.allow(.max)
        try wait("delivery") {
            _ = try $0.feeder.sent()
            return $0.feeder.isDelivered
        }
        try wait("undoing") { $0.pending.isEmpty }
        scene.note("all messages are delivered")
    }

    /// Lets messages flow evenly, so that the next fault falls into the work.
    private mutating func produce(from first: Int, to last: Int, within seconds: Double) throws {
        let start = ContinuousClock.now
        try wait("producing") { breaking in
            let share = min(1, (ContinuousClock.now - start) / .seconds(seconds))
            breaking.feeder.allow(first + Int(share * Double(last - first)))
            return try share == 1 && breaking.feeder.sent() >= last
        }
    }

    /// Waits until something is so, and meanwhile undoes what is due; nobody waits for ever.
    ///
    /// - Throws: ``ChaosError`` when it never is.
    mutating func wait(_ what: String, until isSo: (inout Breaking) throws -> Bool) throws {
        let deadline = ContinuousClock.now + patience * 2
        while true {
            try undoWhatIsDue()
            try noteUnexpectedEnds()
            if try isSo(&self) { return }
            guard ContinuousClock.now < deadline else {
                throw ChaosError(description: "no progress: \(what); lag \(progress.lag)")
            }
            usleep(20_000)
        }
    }

    private mutating func undoWhatIsDue() throws {
        let now = ContinuousClock.now
        while let index = pending.firstIndex(where: { entry in
            switch entry.moment {
            case .at(let time): now >= time
            // What waits for faults that do not come any more is due.
            case .fault(let number): done >= number || feeder.isDelivered
            }
        }) {
            let undo = pending.remove(at: index).undo
            try undo(&self)
        }
    }

    private mutating func noteUnexpectedEnds() throws {
        for worker in scene.workers {
            guard let status = worker.takeUnexpectedEnd() else { continue }
            if status == 1, !worker.hasStarted, brokersCalmSince.map({ .now - $0 < .seconds(30) }) ?? true {
                // It says that it does not find its brokers, and leaves it to its supervisor to try again.
                counts["starts without brokers", default: 0] += 1
                scene.note("worker \(worker.name) does not find its brokers, and is started again")
            } else {
                complain("worker \(worker.name) ended by itself, with status \(status)")
            }
            try worker.start()
        }
    }

    mutating func complain(_ text: String) {
        scene.note("!! \(text)")
        complaints.append(text)
    }

    private mutating func later(_ seconds: Double, _ undo: @escaping (inout Breaking) throws -> Void) {
        pending.append((.at(ContinuousClock.now.advanced(by: .seconds(seconds))), undo))
    }

    private mutating func later(faults: Int, _ undo: @escaping (inout Breaking) throws -> Void) {
        pending.append((.fault(done + faults), undo))
    }

    // MARK: Faults

    private mutating func begin(_ fault: Fault) throws {
        switch fault {
        case .kill(let index):
            try kill(scene.workers[index])
        case .freeze(let index, let seconds):
            let worker = scene.workers[index]
            try prepareEnd(of: worker)
            worker.freeze()
            later(seconds) { breaking in
                // Not one that was killed and started meanwhile, nor one that was frozen again.
                worker.resume()
                breaking.scene.note("resume worker \(worker.name)")
            }
        case .remove(let index, let faults):
            let worker = scene.workers[index]
            end(worker)
            later(faults: faults) { _ in try worker.start() }
        case .add(let faults):
            try spare.start()
            later(faults: faults) { $0.end($0.spare) }
        case .killBroker(let id, let seconds):
            try prepareTrouble(of: id)
            scene.cluster.kill(id)
            later(seconds) { breaking in
                try breaking.scene.cluster.start(id)
                breaking.brokerInTrouble = nil
                breaking.scene.note("broker \(id) is back")
            }
        case .freezeBroker(let id, let seconds):
            try prepareTrouble(of: id)
            scene.cluster.pause(id)
            later(seconds) { breaking in
                breaking.scene.cluster.resume(id)
                breaking.brokerInTrouble = nil
                breaking.scene.note("resume broker \(id)")
            }
        case .policy(let faults, let signals):
            try change(to: .other, signals: signals)
            later(faults: faults) { try $0.change(to: .usual, signals: signals) }
        case .fill(let index, let seconds):
            let worker = scene.workers[index]
            guard worker.fill() else {
                note("no small disk", fault)
                return
            }
            later(seconds) { _ in worker.makeRoom() }
        case .deleteSnapshot(let index):
            scene.workers[index].deleteSnapshots()
            try kill(scene.workers[index])
        case .spoilSnapshot(let index, let cuts):
            scene.workers[index].spoilSnapshots(cuts: cuts)
            try kill(scene.workers[index])
        }
        note(fault.name, fault)
    }

    private mutating func note(_ name: String, _ fault: Fault) {
        counts[name, default: 0] += 1
        scene.note("\(done + 1): \(fault)")
    }

    private mutating func kill(_ worker: ChaosWorker) throws {
        try prepareEnd(of: worker)
        worker.kill()
        try worker.start()
    }

    /// It runs, and its partitions have moved on since it, or another one, ended before.
    private mutating func prepareEnd(of worker: ChaosWorker) throws {
        try worker.start()
        if !progress.look() || progress.isOneEndTooMany {
            try wait("partitions") { $0.progress.look() && !$0.progress.isOneEndTooMany }
        }
        progress.noteEnd()
    }

    /// No two brokers at once: two of three copies have to be in step.
    private mutating func prepareTrouble(of broker: Int) throws {
        try wait("brokers") { $0.brokerInTrouble == nil && $0.scene.isReplicated }
        brokerInTrouble = broker
    }

    /// Whatever the brokers do: so nothing is undone meanwhile.
    private mutating func end(_ worker: ChaosWorker) {
        guard worker.isRunning else { return }
        let status = worker.end()
        // While it starts there is nothing that it would have to finish: the signal may end it.
        guard status != 0, status != 128 + SIGTERM || worker.hasStarted else { return }
        complain("worker \(worker.name) was asked to end, and ended with \(status ?? -1)")
    }

    private mutating func change(to policy: TestPolicy, signals: Bool) throws {
        try scene.write(policy)
        isOtherPolicy = policy == .other
        scene.note(isOtherPolicy ? "another policy" : "the usual policy")
        if signals { for worker in scene.workers { worker.hangUp() } }
    }

    // MARK: The end

    /// Waits until both groups have read everything.
    mutating func drain() throws {
        try wait("draining") { $0.progress.look() && $0.progress.lag == 0 }
        scene.note("everything is read")
    }

    /// Ends all workers in order.
    mutating func endWorkers() { for worker in scene.workers { end(worker) } }
}

extension Fault {
    /// What of it is counted.
    var name: String {
        switch self {
        case .kill: "kills"
        case .freeze: "freezes"
        case .remove: "removals"
        case .add: "additions"
        case .killBroker: "broker kills"
        case .freezeBroker: "broker freezes"
        case .policy: "policies"
        case .fill: "full disks"
        case .deleteSnapshot: "deleted snapshots"
        case .spoilSnapshot: "spoilt snapshots"
        }
    }
}
