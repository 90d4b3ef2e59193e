import CloudTrail
import Pipeline

/// What inventory files tell, as records for the engine.
struct InventoryFiles {
    private(set) var records: [Record] = []

    /// Reads files of what the AWS CLI printed.
    ///
    /// A value that cannot be (a day that no calendar has) is reported and counts as unknown. What a document does
    /// not say is asked for by options whose names begin with `prefix`.
    init(files: [String], options: InventoryReader.Options, prefix: String) throws {
        for path in files {
            let output = try InventoryFile.read(path, options: options, optionPrefix: prefix)
            for problem in output.problems { StandardError.line("amiwatch: \(path): \(problem)") }
            records += output.records
        }
    }

    /// Reads the files that options name.
    init(_ options: InventoryOptions) throws {
        try self.init(
            files: options.files,
            options: .init(
                account: options.account,
                region: options.region.map { ExactText($0) },
                time: options.time
            ),
            prefix: "--inventory-"
        )
        if !records.isEmpty, options.time == nil {
            StandardError.line(
                "amiwatch: without --inventory-time only owner, name, creation and source of images are taken"
            )
        }
    }
}

extension Arguments {
    /// The account that an option names.
    func account(_ option: Option) throws -> AccountID? {
        guard let text = self[option] else { return nil }
        if let account = AccountID(text) { return account }
        throw UsageError("--\(option.name) \(text) is not a valid account id: write its 12 digits")
    }

    /// The time that an option names; of a day its first second, so that what happened on it counts as later.
    func time(_ option: Option) throws -> EventTime? {
        try self[option].map { try ReplayOptions.time($0, of: option.name, endOfDay: false) }
    }
}
