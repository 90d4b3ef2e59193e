import CloudTrail

/// One principal that shares many images outside within a short time, in whichever Regions of an account.
///
/// Each share is judged by those of the minutes before it, whether or not they were taken back. Where the account's
/// history begins within these minutes, more may have been shared than is known, never less: a count that is reached
/// is certain.
struct AMIShareBurst: Rule {
    let metadata = RuleMetadata(
        id: "ami-share-burst",
        title: "Many images shared outside in a short time",
        kind: .sequence,
        severity: .high,
        events: EventNames.any(of: ["ModifyImageAttribute"], EventNames.membership),
        references: ["https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharing-amis.html"],
        attack: ["T1537"]
    )

    let subjects = [Subject.Kind.sharer]

    let triggers =
        [.on(.sharesMade, .subject(.sharer))] + ShareTrust.triggers(of: .sharer, from: .sharesMade)

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        guard let principal = subject.id else { return nil }
        let shares = context.facts.all(of: subject.key(of: .sharesMade))
        let images = context.policy.thresholds.shareBurstImages
        let seconds = Int64(context.policy.thresholds.shareBurstMinutes) * 60
        func counts(_ isCounted: @escaping (Fact) -> Bool) -> [Int] {
            Window(seconds: seconds) { isCounted($0) ? $0.value.sharedImage : nil }.counts(in: shares)
        }
        // Who is trusted is asked only where there are so many.
        guard counts({ _ in true }).contains(where: { $0 >= images }) else { return nil }
        let certain = counts { ShareTrust.objection(to: $0, in: context)?.verdict == .violation }
        let possible = counts { ShareTrust.objection(to: $0, in: context) != nil }
        var judgement = Judgement()
        for (index, share) in shares.enumerated() where possible[index] >= images {
            let isCertain = certain[index] >= images
            let count = isCertain ? certain[index] : possible[index]
            let verdict: Verdict = isCertain ? .violation : .undetermined
            judgement.occur(share.evidence, .high, verdict) {
                let start = share.time.advanced(bySeconds: -seconds)
                let burst = Array(shares.prefix(index + 1).reversed().prefix { $0.time > start })
                let words =
                    "\(count) images\(isCertain ? " outside" : ", perhaps outside,") in \(seconds / 60) minutes"
                let (facts, missing) = shown(of: burst, context)
                return Judgement.Reason(
                    verdict,
                    severity: .high,
                    facts: facts + [FactStatement("shared by the principal", words, share)],
                    missing: missing,
                    clause: "thresholds.share_burst_images",
                    message: "\(principal) shared \(words)."
                )
            }
        }
        return judgement
    }

    /// The last ten images, and what would settle whether all of them went outside.
    private func shown(of shares: [Fact], _ context: RuleContext) -> ([FactStatement], missing: [String]) {
        var (shown, missing): ([ResourceID: FactStatement], Set<String>) = ([:], [])
        for share in shares {
            guard let image = share.value.sharedImage,
                let objection = ShareTrust.objection(to: share, in: context)
            else { continue }
            missing.formUnion(objection.missing)
            if shown[image] != nil || shown.count == 10 { continue }
            shown[image] = FactStatement("shared", "\(image) with \(objection.description)", share)
        }
        return (Array(shown.values), Array(missing))
    }
}

extension Subject.Kind {
    /// A principal, by what it shares.
    static let sharer = Subject.Kind(0x1020, .principal)
}

extension Attribute {
    /// Calls of a principal that share an image outside or inside.
    static let sharesMade = Attribute(0x1020, lifetime: .occurrence)
}
