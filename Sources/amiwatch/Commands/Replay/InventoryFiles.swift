import CloudTrail

/// What inventory files tell, as records for the engine.
struct InventoryFiles {
    let records: [Record]

    init(files: [String]) throws {
        guard files.isEmpty else { throw Failure("reading inventory files comes with the next version") }
        records = []
    }

    init(_ options: InventoryOptions) throws { try self.init(files: options.files) }
}
