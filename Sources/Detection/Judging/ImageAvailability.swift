/// Whether an image can be used, followed through its lifecycle's facts in order.
struct ImageAvailability {
    private(set) var isDisabled = false
    private(set) var isDeregistered = false

    /// Takes the next fact, and has a judgement about the image end, or go on, with it; what is none of the lifecycle
    /// changes nothing.
    mutating func follow(_ fact: Fact, _ judgement: inout Judgement) {
        guard take(fact.value) else { return }
        if isDisabled || isDeregistered { judgement.resolve(fact.evidence) } else { judgement.reopen() }
    }

    /// Takes the next value; false when it is none of the lifecycle.
    mutating func take(_ value: FactValue) -> Bool {
        switch value {
        case .disabled: isDisabled = true
        case .deregistered: isDeregistered = true
        case .enabled: (isDisabled, isDeregistered) = (false, false)
        // It comes back as it was.
        case .restored: isDeregistered = false
        default: return false
        }
        return true
    }
}
