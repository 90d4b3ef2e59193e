import Foundation
import Glibc
import KafkaTestSupport
import TestSupport

/// One run: breaks what it can, lets the workers finish, and compares.
enum ChaosRun {
    /// Whether nothing was lost, told twice or told wrongly; says so in one line.
    static func run(_ settings: Settings) throws -> Bool {
        let messages = Messages(seed: settings.seed, records: settings.records, partitions: Scene.partitions)
        let schedule = Schedule(
            seed: settings.seed,
            kills: settings.kills,
            messages: messages.items.count,
            workers: 3,
            brokers: 3
        )
        // Whatever is frozen for however long: no record may come later than it is judged.
        let last = messages.history.events.map(\.time).max() ?? 0
        let scene = try Scene(
            settings,
            workers: ["a", "b", "c", "spare"],
            horizonHours: (last - History.start) / 3600 + 24
        )
        scene.note("seed \(settings.seed): \(messages.items.count) messages; \(scene.folder)")
        try schedule.steps.map { "\($0.place) +\($0.pause) s  \($0.fault)" }.joined(separator: "\n")
            .write(toFile: scene.folder + "/schedule.txt", atomically: true, encoding: .utf8)
        var isSound = false
        defer { scene.end(keepsFolder: !isSound || settings.keeps) }
        do {
            isSound = try run(scene, messages, schedule)
        } catch {
            scene.note("!! \(error)")
        }
        if !isSound {
            say("seed \(settings.seed) FAILED: logs, schedule, records and alerts are in \(scene.folder)")
        }
        return isSound
    }

    private static func run(_ scene: Scene, _ messages: Messages, _ schedule: Schedule) throws -> Bool {
        var verdict = Verdict(scene, try Verdict.replay(messages, in: scene))
        for worker in scene.workers.dropLast() { try worker.start() }
        let feeder = Feeder(
            messages,
            to: Scene.input,
            at: scene.cluster.bootstrapServers,
            seed: schedule.seed
        )
        var breaking = try Breaking(scene, feeder)
        try breaking.run(schedule)
        try breaking.drain()
        // Running workers have to come to it by themselves: what only a restart repairs is lost.
        let deadline = ContinuousClock.now + patience
        repeat {
            sleep(2)
            try breaking.drain()
            try verdict.judgeAlerts()
        } while !verdict.lost.isEmpty && ContinuousClock.now < deadline
        breaking.endWorkers()
        let told = verdict.alerts

        // One worker for everything: it has nothing to add, and knows the totals.
        let last = scene.workers[0]
        try last.runToEnd()
        try verdict.judgeAlerts()
        var complaints = breaking.complaints
        if verdict.alerts != told { complaints.append("a restart told \(verdict.alerts - told) alerts more") }
        verdict.complain(complaints)
        try verdict.judgeState()
        try verdict.judgeDeadLetters(messages.unreadable)
        verdict.judgeBalances()
        verdict.judgeTotals(of: last)
        try leave(scene, verdict)
        report(scene, messages, schedule, breaking, verdict)
        return verdict.isSound
    }

    /// Leaves what was told beside the logs.
    private static func leave(_ scene: Scene, _ verdict: Verdict) throws {
        guard !verdict.isSound else { return }
        for topic in ["alerts", "findings", "deadletters"] {
            try readAll("amiwatch.\(topic)", at: scene.cluster.bootstrapServers)
                .map { "\($0.partition) \($0.offset) \($0.value ?? "forgotten \($0.key ?? "")")" }
                .joined(separator: "\n")
                .write(toFile: "\(scene.folder)/\(topic).txt", atomically: true, encoding: .utf8)
        }
        let faults =
            [
                ("lost", verdict.lost), ("twice", verdict.twice), ("illegal", verdict.illegal),
                ("other", verdict.other),
            ]
            .flatMap { name, texts in texts.map { "\(name): \($0)" } }
        try faults.joined(separator: "\n")
            .write(toFile: scene.folder + "/faults.txt", atomically: true, encoding: .utf8)
        for fault in faults.prefix(20) { scene.note("!! \(fault.prefix(1000))") }
    }

    private static func report(
        _ scene: Scene,
        _ messages: Messages,
        _ schedule: Schedule,
        _ breaking: Breaking,
        _ verdict: Verdict
    ) {
        let counts = breaking.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        say(
            "seed \(schedule.seed): \(counts.joined(separator: ", ")); \(messages.history.events.count) records, "
                + "\(verdict.alerts) alerts of \(verdict.findings) findings: \(verdict.lost.count) lost, "
                + "\(verdict.twice.count) twice, \(verdict.illegal.count) illegal, \(verdict.other.count) other; "
                + "\(scene.seconds) s"
        )
    }
}
