import CloudTrail

/// What in the lineage of an image is not approved, as of a time, or cannot be decided.
struct Taint {
    let verdict: Verdict
    /// The nearest ancestor that is certainly not approved.
    private(set) var source: ResourceID?
    /// Whether that is on the deny list.
    private(set) var isDenied = false
    let facts: [FactStatement]
    private(set) var missing: [String] = []
    let clause: String

    /// Nil when all of it is approved.
    ///
    /// Behind an image that somebody answers for it does not look.
    init?(of image: ResourceID, asOf time: EventTime, in context: RuleContext) {
        func approval(of image: ResourceID) -> ImageApproval {
            ImageApproval(image: image, time: time, context: context)
        }
        let lineage = Lineage(of: image, in: context.facts) { approval(of: $0).isDeliberate() }
        if lineage.isKnownToBegin { return nil }
        var facts: [FactStatement] = []
        var missing = lineage.missing.map { [$0] } ?? []
        for ancestor in lineage.ancestors {
            facts.append(ancestor.statement)
            guard let objection = approval(of: ancestor.image).objection() else { continue }
            guard objection.verdict == .violation else {
                missing += objection.missing
                continue
            }
            (verdict, source, isDenied) = (.violation, ancestor.image, objection.isDenied)
            self.facts = facts + objection.facts.map { $0.of(ancestor.image) }
            clause = objection.clause
            return
        }
        if missing.isEmpty { return nil }
        (verdict, self.facts, self.missing, clause) = (.undetermined, facts, missing, "images.approved")
    }
}
