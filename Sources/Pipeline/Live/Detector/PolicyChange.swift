package import Configuration
package import Detection

/// A policy that takes the place of another one.
///
/// What it would change is counted before anything of it is published. One that would change too much is held back, and
/// the one before stays in force, until the file says `replaces` with the hash of that one. It stands in the file that
/// all workers read, so that they agree; a worker that starts anew reads it too; and it confirms this one change: what
/// comes next replaces another policy.
struct PolicyChange {
    /// The one that waits until nothing is pending.
    var offered: Policy?
    /// The one that is tried before it is put in force.
    fileprivate var trial: PolicyTrial?
    /// The same of the policy that the run began with, on what another policy has judged.
    fileprivate var trialOfStart: (trial: PolicyTrial, restore: StateRestore)?
    /// Whether what was found at the start was evaluated and published.
    var hasStarted = false
    /// What was in force before, until all that differs by the new one is published.
    fileprivate var unfinished: (oldHash: String, alerts: Int, begun: ContinuousClock.Instant)?

    /// Whether everything is judged and published by the policy in force, or waits in the backlog of a restore.
    var isFinished: Bool { unfinished == nil }

    /// Whether one is tried.
    var isTrying: Bool { trial.map { !$0.isDone } ?? false }

    /// Accounts come or go: what was tried is tried again.
    mutating func dropTrial() {
        offered = offered ?? trial?.policy
        (trial, trialOfStart) = (nil, nil)
    }
}

/// How many findings another policy may open and close without being confirmed.
package struct PolicyBound: Sendable {
    private let percent: Int
    /// So few are never too many.
    private static let few = 10

    /// As a configuration has it.
    package init(_ detector: RunConfiguration.Detector) { percent = detector.maxPolicyChangePercent }

    /// Whether there is one.
    var isThere: Bool { percent < 100 }

    /// Whether a policy changes too much to be put in force unconfirmed.
    package func isExceeded(by effect: PolicyTrial.Effect) -> Bool {
        let moved = effect.opened + effect.closed
        return isThere && moved > Self.few && moved * 100 > effect.open * percent
    }
}

extension PolicyTrial.Effect {
    /// How many it changes, for a log line.
    fileprivate var fields: RunLog.Fields {
        [
            "open": .number(open), "would_open": .number(opened), "would_close": .number(closed),
            "would_change": .number(changed),
        ]
    }
}

// MARK: - While the run goes on

extension DetectorCore {
    /// Between two transactions, so that what waits to be evaluated again outlives an abort.
    mutating func replacePolicyWhenIdle() {
        guard pending.since == nil, !states.hasTouched else { return }
        if let change = policyChange.unfinished, !engine.hasBacklog, states.areRestored {
            policyChange.unfinished = nil
            // Everything that it changes is published.
            log.info(
                "policy reloaded",
                [
                    "old_policy_hash": .text(change.oldHash), "policy_hash": .text(engine.policy.hash),
                    "alerts": .number(report.alerts - change.alerts),
                    "milliseconds": .number(Int((clock.now() - change.begun) / .milliseconds(1))),
                ]
            )
            // The state says by which policy it was judged.
            if isConsuming {
                noteChange()
                return states.touch(states.restored)
            }
        }
        if let trial = policyChange.trial, trial.isDone {
            policyChange.trial = nil
            decide(trial)
        }
        if let policy = policyChange.offered { consider(policy) }
    }

    private mutating func consider(_ policy: Policy) {
        switch phase {
        case .restoring, .reconciling: return
        case .idle, .running: break
        }
        policyChange.offered = nil
        policyChange.trial = nil
        report.heldPolicy = nil
        let isKnown = policy.hash == engine.policy.hash || policy.isReplacement(of: engine.policy)
        if isKnown || states.numbers.isEmpty || !PolicyBound(configuration.detector).isThere {
            putInForce(policy)
        } else {
            policyChange.trial = engine.trial(of: policy)
        }
    }

    /// Tries the policy that was offered on a slice of what is known.
    mutating func advanceTrial() {
        guard policyChange.isTrying, case .running = phase, !engine.hasBacklog else { return }
        policyChange.trial = policyChange.trial.map { advanced($0) }
    }

    private mutating func advanced(_ started: PolicyTrial) -> PolicyTrial {
        var trial = started
        let begun = clock.now()
        repeat {
            engine.advance(&trial, atMost: limits.subjectsBetweenLooks)
        } while !trial.isDone && clock.now() - begun < limits.sliceTime
        return trial
    }

    private mutating func decide(_ trial: PolicyTrial) {
        guard PolicyBound(configuration.detector).isExceeded(by: trial.effect) else {
            return putInForce(trial.policy)
        }
        report.policyReloads.held += 1
        report.heldPolicy = trial.policy.hash
        log.warning(
            "policy held back: it would change too many findings; previous policy stays active",
            trial.effect.fields + [
                "policy_hash": .text(engine.policy.hash), "held_policy_hash": .text(trial.policy.hash),
                "max_policy_change_percent": .number(configuration.detector.maxPolicyChangePercent),
                "to_confirm": .text("write into the policy: replaces: \"\(engine.policy.hash.prefix(16))\""),
            ]
        )
    }

    private mutating func putInForce(_ policy: Policy) {
        let before = policyChange.unfinished
        policyChange.unfinished = (
            before?.oldHash ?? engine.policy.hash, before?.alerts ?? report.alerts, clock.now()
        )
        giveUpSnapshot()
        engine.startReplacingPolicy(policy)
        engine.commit()
        report.policyReloads.accepted += 1
        log.debug("policy changed; evaluating the state by it", ["policy_hash": .text(policy.hash)])
    }
}

// MARK: - At the start

extension DetectorCore {
    /// Begins to try the policy of the start on what was restored of partitions, if another policy has judged it and the
    /// change is not confirmed.
    mutating func triesPolicyOfStart(_ restore: StateRestore) -> Bool {
        guard !policyChange.hasStarted, PolicyBound(configuration.detector).isThere else { return false }
        let others = restore.partitions.filter { partition in
            guard let judge = states[partition]?.policy else { return false }
            return judge != engine.policy.fingerprint && !engine.policy.isReplacement(of: judge)
        }
        guard !others.isEmpty else { return false }
        let trial = engine.trial(of: engine.policy) { [partitioner] in
            others.contains(partitioner.partition(of: $0))
        }
        policyChange.trialOfStart = trial.isDone ? nil : (trial, restore)
        return !trial.isDone
    }

    /// Whether what was restored may be evaluated by the policy of the start; a slice of finding out is done.
    ///
    /// - Throws: `RunFailure` when it would change too much: the policy before is not there to go on with.
    mutating func isPolicyOfStartTried(_ partitions: Set<Int32>) throws -> Bool {
        guard let (started, restore) = policyChange.trialOfStart else { return true }
        let trial = advanced(started)
        policyChange.trialOfStart = (trial, restore)
        guard trial.isDone else { return false }
        let effect = trial.effect
        guard !PolicyBound(configuration.detector).isExceeded(by: effect) else {
            let judges = partitions.compactMap { states[$0]?.policy }.filter {
                $0 != engine.policy.fingerprint
            }
            let judge = judges.min().map(Policy.digits) ?? ""
            throw RunFailure(
                "the policy has changed since the state was written, and would open \(effect.opened) and close "
                    + "\(effect.closed) findings where \(effect.open) are open, more than "
                    + "detector.max_policy_change_percent: \(configuration.detector.maxPolicyChangePercent) allows; "
                    + "nothing was published",
                advice:
                    "give the policy of before, or confirm this one: write into it replaces: \"\(judge)\", or start "
                    + "once with --max-change 100",
                cause: nil
            )
        }
        policyChange.trialOfStart = nil
        reconcile(restore)
        return true
    }
}
