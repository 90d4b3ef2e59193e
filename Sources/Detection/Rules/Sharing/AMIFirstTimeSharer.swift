import CloudTrail

/// A principal that shares an image outside, and shared none at all in the days before, in whichever Regions of an account.
///
/// Where the account's history does not reach back so far, what it shared before that is not known.
struct AMIFirstTimeSharer: Rule {
    let metadata = RuleMetadata(
        id: "ami-first-time-sharer",
        title: "Image shared outside by a principal that shared none before",
        kind: .sequence,
        severity: .low,
        events: EventNames.any(of: EventNames.using, EventNames.membership),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.sharer]

    let triggers =
        [.on(.sharesMade, .subject(.sharer)), .on(.firstShare, .subject(.sharer))]
        + [.on(.activity, .firstShares)]
        + ShareTrust.triggers(of: .sharer, from: .sharesMade)

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let principal = subject.id else { return nil }
        let firstTime = FirstTime(context.policy)
        let first = context.facts.all(of: subject.key(of: .firstShare)).first
        var judgement = Judgement()
        var last: EventTime?
        for share in context.facts.all(of: subject.key(of: .sharesMade)) {
            defer { last = share.time }
            if let last {
                if last > firstTime.limit(before: share.time) { continue }
            } else if first.map({ !$0.isSame(as: share) }) ?? true {
                // What came before it is forgotten.
                continue
            }
            guard let image = share.value.sharedImage,
                let objection = ShareTrust.objection(to: share, in: context)
            else { continue }
            let isKnown = firstTime.isKnown(subject.scope.account, at: share.time, in: context.facts)
            let verdict = isKnown ? objection.verdict : .undetermined
            judgement.occur(share.evidence, .low, verdict) {
                let start = firstTime.limit(before: share.time)
                let before = "in the \(context.policy.thresholds.firstTimeDays) days before"
                let shared = "\(principal) shared image \(image) with \(objection.description)"
                return Judgement.Reason(
                    verdict,
                    severity: .low,
                    facts: objection.facts + [
                        FactStatement("shared", "\(image) with \(objection.description)", share)
                    ],
                    missing: objection.missing + (isKnown ? [] : ["what \(principal) shared after \(start)"]),
                    clause: "thresholds.first_time_days",
                    message: isKnown
                        ? "\(shared), and had shared none \(before)."
                        : "\(shared). Whether it had shared any \(before) is not known: "
                            + "the history of the account is shorter."
                )
            }
        }
        return judgement
    }
}

extension Attribute {
    /// The first share of a principal that was ever known.
    static let firstShare = Attribute(0x1021, keeping: .first, hasEntryPerRecord: false)
}
