import Detection

/// A policy that takes the place of another one.
struct PolicyChange {
    /// The one that waits until nothing is pending.
    var offered: Policy?
    /// What was in force before, until all that differs by the new one is published.
    fileprivate var unfinished: (oldHash: String, alerts: Int, begun: ContinuousClock.Instant)?
}

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
        }
        guard let policy = policyChange.offered else { return }
        let before = policyChange.unfinished
        policyChange.offered = nil
        policyChange.unfinished = (
            before?.oldHash ?? engine.policy.hash, before?.alerts ?? report.alerts, clock.now()
        )
        giveUpSnapshot()
        engine.startReplacingPolicy(policy)
        engine.commit()
        log.debug("policy changed; evaluating the state by it", ["policy_hash": .text(policy.hash)])
    }
}
