import TestSupport

/// What goes wrong.
enum Fault: Hashable, CustomStringConvertible {
    /// SIGKILL, and a new start at once.
    case kill(worker: Int)
    /// SIGSTOP for so many seconds: longer than the session, sometimes longer than a transaction may take.
    case freeze(worker: Int, seconds: Double)
    /// SIGTERM; it is back after so many faults.
    case remove(worker: Int, faults: Int)
    /// One worker more, for so many faults.
    case add(faults: Int)
    case killBroker(Int, seconds: Double)
    case freezeBroker(Int, seconds: Double)
    /// Another policy, and so many faults later the first one again.
    case policy(faults: Int, signals: Bool)
    /// No room on the disk with the snapshots, for so many seconds.
    case fill(worker: Int, seconds: Double)
    /// The snapshot is deleted, and the worker killed.
    case deleteSnapshot(worker: Int)
    /// One byte of the snapshot is changed, or its end cut off, and the worker killed.
    case spoilSnapshot(worker: Int, cuts: Bool)

    /// Whether it is one of the kills and freezes that were asked for.
    var isCounted: Bool {
        switch self {
        case .kill, .freeze, .killBroker, .freezeBroker: true
        default: false
        }
    }

    var description: String {
        switch self {
        case .kill(let worker): "kill worker \(worker)"
        case .freeze(let worker, let seconds): "freeze worker \(worker) for \(seconds) s"
        case .remove(let worker, let faults): "remove worker \(worker) for \(faults) faults"
        case .add(let faults): "add a worker for \(faults) faults"
        case .killBroker(let id, let seconds): "kill broker \(id) for \(seconds) s"
        case .freezeBroker(let id, let seconds): "freeze broker \(id) for \(seconds) s"
        case .policy(let faults, let signals):
            "another policy for \(faults) faults\(signals ? ", SIGHUP" : "")"
        case .fill(let worker, let seconds): "fill the disk of worker \(worker) for \(seconds) s"
        case .deleteSnapshot(let worker): "delete the snapshot of worker \(worker)"
        case .spoilSnapshot(let worker, let cuts):
            "\(cuts ? "cut" : "change") the snapshot of worker \(worker)"
        }
    }
}

/// What goes wrong when: a function of the seed alone.
struct Schedule {
    struct Step {
        /// When so many messages have been produced.
        let place: Int
        /// And so many seconds after the fault before.
        let pause: Double
        let fault: Fault
    }

    let seed: UInt64
    let steps: [Step]

    /// So many kills and freezes, and the other faults between them, spread over so many messages.
    init(seed: UInt64, kills: Int, messages: Int, workers: Int, brokers: Int) {
        self.seed = seed
        var random = SplitMix64(seed: seed ^ 0x5eed)
        var faults: [Fault] = []
        for number in 0..<kills {
            faults.append(Self.counted(number, workers, brokers, &random))
            if random.next(4) == 0 { faults.append(Self.other(workers, &random)) }
        }
        let count = faults.count
        steps = faults.enumerated().map { index, fault in
            Step(
                place: messages * (index + 1) / (count + 2),
                pause: Self.seconds(0.2, 2.2, &random),
                fault: fault
            )
        }
    }

    private static func counted(
        _ number: Int,
        _ workers: Int,
        _ brokers: Int,
        _ random: inout SplitMix64
    ) -> Fault {
        // Every eighth is a broker's: however few there are, brokers have their part.
        if number % 8 == 5 {
            let id = 1 + random.next(brokers)
            return random.next(2) == 0
                ? .killBroker(id, seconds: seconds(1, 8, &random))
                : .freezeBroker(id, seconds: seconds(3, 14, &random))
        }
        let worker = random.next(workers)
        guard number % 3 == 2 else { return .kill(worker: worker) }
        let isLong = random.next(3) == 0
        return .freeze(worker: worker, seconds: isLong ? seconds(12, 16, &random) : seconds(1, 6, &random))
    }

    private static func other(_ workers: Int, _ random: inout SplitMix64) -> Fault {
        let worker = random.next(workers)
        return switch random.next(7) {
        case 0: .remove(worker: worker, faults: 1 + random.next(4))
        case 1: .add(faults: 1 + random.next(4))
        case 2: .policy(faults: 1 + random.next(3), signals: random.next(2) == 0)
        case 3: .fill(worker: worker, seconds: seconds(3, 10, &random))
        case 4: .deleteSnapshot(worker: worker)
        default: .spoilSnapshot(worker: worker, cuts: random.next(2) == 0)
        }
    }

    private static func seconds(_ least: Double, _ most: Double, _ random: inout SplitMix64) -> Double {
        let tenths = Int((most - least) * 10)
        return least + Double(random.next(tenths + 1)) / 10
    }
}
