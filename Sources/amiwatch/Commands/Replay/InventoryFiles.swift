import CloudTrail

/// What inventory files tell, as records for the engine.
struct InventoryFiles {
    let records: [Record]

    init(_ options: InventoryOptions) throws {
        guard options.files.isEmpty else {
            throw Failure("reading inventory files comes with the next version")
        }
        records = []
    }
}
