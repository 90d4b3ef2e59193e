extension RecordDecoder {
    /// The record of an OCSF API Activity; nil for any other class or call.
    func decodeOCSF(_ shape: Shape) throws(Refusal) -> Record? { nil }
}
