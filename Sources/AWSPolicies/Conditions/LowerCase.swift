extension String {
    /// In lower case as IAM compares without case: by the mappings of Unicode, those beyond U+FFFF left out, with the final
    /// sigma; nothing is folded.
    var loweredForIAM: [Unicode.Scalar] {
        let scalars = Array(unicodeScalars)
        var lowered: [Unicode.Scalar] = []
        lowered.reserveCapacity(scalars.count)
        for (index, scalar) in scalars.enumerated() {
            if scalar == "Σ" {
                lowered.append(Self.isFinal(index, in: scalars) ? "ς" : "σ")
            } else if scalar.value > 0xFFFF {
                lowered.append(scalar)
            } else {
                lowered.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
        }
        return lowered
    }

    /// Whether a letter ends a word: one with case stands before it, and none behind it.
    private static func isFinal(_ index: Int, in scalars: [Unicode.Scalar]) -> Bool {
        func isCased(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
            scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
        }
        return isCased(scalars[..<index].reversed()) && !isCased(scalars[(index + 1)...])
    }
}
