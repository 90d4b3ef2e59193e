import CloudTrail

/// An instance whose image no account has used before, and of which nobody told who owns it.
///
/// At the beginning of an account's history every image is new, and nothing is said.
struct LaunchFromNeverSeenAMI: Rule {
    let metadata = RuleMetadata(
        id: "launch-from-never-seen-ami",
        title: "Instance launched from an image that was never used before",
        kind: .launch,
        severity: .low,
        events: EventNames.using,
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/usingsharedamis-finding.html"],
        attack: ["T1578.002"]
    )

    let subjects = [Subject.Kind.launch]

    let triggers =
        LaunchRecord.triggers + [.on(.firstUse, .launchesAtItsTime), .on(.owner, .launches(.always))]
        + [.on(.activity, .firstLaunches)]

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let launch = context.launch, !launch.evidence.isInventory, let image = launch.image,
            context.facts.image(image).owner == nil
        else { return nil }
        let second = launch.time.advanced(bySeconds: -1)
        let uses = context.facts.all(of: .image(image, .firstUse), after: second, through: launch.time)
        guard let use = uses.first(where: { $0.evidence == launch.evidence }),
            FirstTime(context.policy).isKnown(launch.scope.account, at: launch.time, in: context.facts)
        else { return nil }
        return launch.judgement(
            Judgement.Reason(
                severity: .low,
                facts: [launch.statement, FactStatement("first use of the image", "in any account", use)],
                clause: "thresholds.first_time_days",
                remediation: [
                    AWSCommand.ec2(
                        "describe-images",
                        region: launch.scope.region,
                        "--image-ids",
                        .image(image)
                    )
                ],
                message: "Instance \(launch.instance) was launched from image \(image), which no account has "
                    + "used before, and whose owner is not known."
            )
        )
    }
}

extension Reach {
    /// The launches of an image in the second of a fact.
    fileprivate static let launchesAtItsTime = Reach("launches at its time") { key, fact, affected in
        guard let image = key.image else { return }
        affected.addLaunches(
            affected.image(image).launches,
            from: fact.time,
            until: fact.time.advanced(bySeconds: 1)
        )
    }

    /// The launches that are judged or not because of when the account's history begins.
    fileprivate static let firstLaunches = Reach("launches by the account's beginning", needs: .history) {
        key,
        call,
        affected in
        guard let span = FirstTime.decided(by: call, key, in: affected) else { return }
        let state = affected.state
        for scope in state.indexes.activeRegions[span.account] ?? [] {
            affected.addLaunches(state.indexes.launches[scope], from: span.from, until: span.until)
        }
    }
}
