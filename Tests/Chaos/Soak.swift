import Foundation
import Glibc
import Kafka
import KafkaTestSupport

/// Half the rate that the workers can take, and a kill a minute, for as long as is asked; then whether what they need
/// stays the same.
///
/// The first worker is never killed: what it collects over time, nobody takes from it.
enum Soak {
    private static let imagesInTurn = 200
    /// So much of event time passes during a soak: records are remembered for two hours of it, and what is over for a day; what
    /// grows until then is not flat.
    private static let hoursOfEvents = 96
    private static let window = 60.0

    /// Whether all is flat, and every alert came once; says so in lines.
    static func run(_ settings: Settings) throws -> Bool {
        let scene = try Scene(settings, workers: ["a", "b", "c"], horizonHours: 1, retentionDays: 1)
        var isSound = false
        // The samples are what a soak is for.
        defer { scene.end(keepsFolder: true) }
        for worker in scene.workers { try worker.start() }
        let load = Load(to: Scene.input, at: scene.cluster.bootstrapServers, partitions: Scene.partitions)
        let rate = settings.rate > 0 ? settings.rate : try measureRate(load, scene) / 2
        let admin = try Admin(["bootstrap.servers": scene.cluster.bootstrapServers])
        guard let alerts = try admin.describeTopic("amiwatch.alerts") else {
            throw ChaosError(description: "there is no topic of alerts")
        }
        let flow = AlertFlow(
            at: scene.cluster.bootstrapServers,
            input: Scene.input,
            partitions: Int32(Scene.partitions),
            alerts: alerts,
            every: .milliseconds(200),
            images: imagesInTurn,
            eventTime: .init(
                pace: max(1, hoursOfEvents * 60 / settings.soakMinutes),
                for: 60 * settings.soakMinutes
            )
        )
        defer { flow.end() }
        scene.note("soaking \(settings.soakMinutes) minutes at \(rate) records a second; \(scene.folder)")
        load.setRate(rate)
        let samples = try shake(scene, flow, minutes: settings.soakMinutes)
        load.setRate(0)
        flow.stopProducing()
        let isComplete = becomes { flow.failure != nil || flow.isComplete(flow.passages.count) }
        let passages = flow.passages
        let twice = passages.count { $0.opened.count > 1 } + flow.repeatedAlerts
        let lost = passages.count { $0.opened.isEmpty }
        let delays = windows(passages)
        try samples.tsv.write(toFile: scene.folder + "/soak.tsv", atomically: true, encoding: .utf8)
        try delays.tsv.write(toFile: scene.folder + "/latency.tsv", atomically: true, encoding: .utf8)
        let verdicts = samples.verdicts(of: "a") + samples.diskVerdicts + [delays.verdict]
        for verdict in verdicts { say(verdict.line) }
        isSound = isComplete && twice == 0 && lost == 0 && verdicts.allSatisfy(\.isMet)
        let failure = flow.failure.map { "; \($0)" } ?? ""
        say(
            "soak of \(settings.soakMinutes) minutes, \(rate) records a second, \(passages.count) alerts wanted: "
                + "\(lost) lost, \(twice) twice, \(isSound ? "all flat" : "NOT SOUND")\(failure); "
                + "samples in \(scene.folder)"
        )
        return isSound
    }

    /// How many records a second the workers take, with what else goes on on this machine.
    private static func measureRate(_ load: Load, _ scene: Scene) throws -> Int {
        let count = 100_000
        var progress = try Progress(at: scene.cluster.bootstrapServers, partitions: Scene.partitions)
        guard becomes({ scene.workers.allSatisfy { !$0.lines(with: "state restored").isEmpty } }) else {
            throw ChaosError(description: "the workers do not start")
        }
        let start = ContinuousClock.now
        load.burst(count)
        guard becomes({ load.sent >= count && progress.look() && progress.lag == 0 }) else {
            throw ChaosError(description: "the workers do not get through \(count) records")
        }
        let rate = Double(count) / ((ContinuousClock.now - start) / .seconds(1))
        scene.note("full rate: \(Int(rate)) records a second")
        return Int(rate)
    }

    /// Kills one of the others each minute, and samples all every five seconds.
    private static func shake(_ scene: Scene, _ flow: AlertFlow, minutes: Int) throws -> Samples {
        var samples = Samples()
        let start = ContinuousClock.now
        let end = start + .seconds(60 * minutes)
        var kills = 0
        while ContinuousClock.now < end {
            if let failure = flow.failure { throw failure }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            for worker in scene.workers {
                if let status = worker.takeUnexpectedEnd() {
                    throw ChaosError(
                        description: "worker \(worker.name) ended by itself, with status \(status)"
                    )
                }
                samples.take(worker, at: seconds)
            }
            if seconds >= Double(60 * (kills + 1)) - 30 {
                kills += 1
                let worker = scene.workers[1 + kills % (scene.workers.count - 1)]
                scene.note("kill \(kills): worker \(worker.name)")
                worker.kill()
                try worker.start()
            }
            sleep(5)
        }
        return samples
    }

    private static func windows(_ passages: [AlertFlow.Passage]) -> LatencyWindows {
        var windows = LatencyWindows(seconds: window)
        guard let first = passages.first?.produced else { return windows }
        for passage in passages {
            guard let delay = passage.delay else { continue }
            windows.add(delay / .seconds(1), at: (passage.produced - first) / .seconds(1))
        }
        return windows
    }
}
