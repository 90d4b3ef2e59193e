import CloudTrail

/// A time in which an image, or a snapshot, was shared with a grantee.
struct ShareInterval {
    let grantee: Grantee
    /// What shared it.
    let start: Fact
    /// What took that back, or the image away; nil as long as it is shared.
    private(set) var end: Fact?

    /// All such times of an image, in order.
    static func all(of image: ImageView, with grantees: [Grantee]) -> [ShareInterval] {
        all(of: ShareHistory.steps(of: image, with: grantees))
    }

    /// All such times that steps lead to, in order.
    static func all(of steps: [(Fact, GrantStep)]) -> [ShareInterval] {
        var done: [ShareInterval] = []
        var open: [Grantee: Fact] = [:]
        var removed: Set<Grantee>?
        func close(by end: Fact, where isClosed: (Grantee) -> Bool) {
            for (grantee, start) in open where isClosed(grantee) {
                done.append(ShareInterval(grantee: grantee, start: start, end: end))
                open[grantee] = nil
            }
        }
        for (fact, step) in steps.sorted(by: { $0.0 < $1.0 }) {
            switch step {
            case .granted(let grantee): open[grantee] = open[grantee] ?? fact
            case .revoked(let grantee): close(by: fact) { $0 == grantee }
            case .listed(let listed): close(by: fact) { !listed.contains($0) }
            case .removed:
                removed = removed ?? Set(open.keys)
                close(by: fact) { _ in true }
            case .restored:
                for grantee in removed ?? [] { open[grantee] = open[grantee] ?? fact }
                removed = nil
            case .used: break
            }
        }
        done += open.map { ShareInterval(grantee: $0.key, start: $0.value, end: nil) }
        return done.sorted { ($0.start, $0.grantee.description) < ($1.start, $1.grantee.description) }
    }
}
