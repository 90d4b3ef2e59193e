/// A value that hash tables in memory find by its `TextFingerprint`.
///
/// The standard library's hasher takes ten times as long for a few words, and most of what a record costs is looking
/// something up. The seed is secret here, too.
public protocol Fingerprinted: Hashable {
    /// Feeds what tells values apart in practice.
    func feed(to fingerprint: inout TextFingerprint)
}

extension Fingerprinted {
    /// Feeds the fingerprint.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        var fingerprint = TextFingerprint()
        feed(to: &fingerprint)
        hasher.combine(fingerprint.value)
    }

    /// What `Dictionary` and `Set` ask for; each table has a seed of its own.
    @inlinable
    public func _rawHashValue(seed: Int) -> Int {
        var fingerprint = TextFingerprint()
        feed(to: &fingerprint)
        fingerprint.feed(UInt64(bitPattern: Int64(seed)))
        return Int(truncatingIfNeeded: fingerprint.value)
    }
}
