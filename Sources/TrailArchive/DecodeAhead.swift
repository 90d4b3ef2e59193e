package import CloudTrail
internal import Dispatch

/// Decodes files on several threads ahead of the one thread that takes the batches, which come in the order of the
/// files whatever the threads do.
///
/// Each thread works on one file at a time, and goes on with its file while another one, which comes before it, takes
/// long; it waits when there are many batches that nobody took, so memory is bounded. It cannot lock up: threads take
/// files in order, so the file that the taker waits for always has a thread, and a few batches are kept free for it.
package final class DecodeAhead: Sendable {
    /// Batches that may wait for the taker, for each thread: of a usual trail they stand for a million records.
    private static let waitingBatches = 32
    /// Batches of the file that is being taken that may wait in any case.
    private static let currentBatches = 4

    private struct Lanes {
        /// The batches of the files in flight that nobody took yet.
        var batches: [Int: [DecodedBatch]] = [:]
        /// How many they are.
        var waiting = 0
        var errors: [Int: TrailError] = [:]
        /// The next file that a thread takes.
        var next = 0
        /// The file whose batches are being taken.
        var current = 0
        var isStopped = false
    }

    private let files: [TrailFile]
    private let window: Int
    private let waitingBatches: Int
    private let lanes = Monitor(Lanes())

    /// Starts to decode.
    ///
    /// - Parameters:
    ///   - files: What to decode, in order.
    ///   - threads: How many threads decode.
    ///   - limits: The caps in force.
    ///   - validation: Whether what is ignored is parsed too.
    ///   - readsLaunchRequests: Whether launches keep what they ask to be authorised on.
    ///   - sessionKeys: What is read of callers' sessions.
    ///   - hashesFiles: Whether the last batch of each file tells its SHA-256.
    package init(
        files: [TrailFile],
        threads: Int,
        limits: Limits = .init(),
        validate validation: Validation = .candidates,
        readsLaunchRequests: Bool = true,
        sessionKeys: SessionKeys = [],
        hashesFiles: Bool = false
    ) {
        self.files = files
        let threads = max(1, min(threads, files.count))
        window = 4 * threads
        waitingBatches = Self.waitingBatches * threads
        for number in 0..<threads {
            DispatchQueue(label: "decode \(number)").async { [self] in
                let decoder = TrailDecoder(limits: limits, validate: validation, sessionKeys: sessionKeys)
                decoder.readsLaunchRequests = readsLaunchRequests
                decoder.hashesFiles = hashesFiles
                work(decoder)
            }
        }
    }

    /// The next batch, as soon as it is there; nil when everything was taken.
    package func next() throws(TrailError) -> DecodedBatch? {
        let taken: Result<DecodedBatch?, TrailError> = lanes.wait { [files] lanes in
            guard lanes.current < files.count, !lanes.isStopped else { return .success(nil) }
            guard let waiting = lanes.batches[lanes.current], let batch = waiting.first else {
                return lanes.errors[lanes.current].map { .failure($0) }
            }
            lanes.batches[lanes.current]?.removeFirst()
            lanes.waiting -= 1
            if batch.isLast {
                lanes.batches[lanes.current] = nil
                lanes.current += 1
            }
            return .success(batch)
        }
        return try taken.get()
    }

    /// How many batches nobody took yet.
    var waiting: Int { lanes.wait { $0.waiting } }

    /// Ends the decoding: threads stop at their next batch.
    package func stop() { lanes.change { $0.isStopped = true } }

    private func work(_ decoder: TrailDecoder) {
        while let index = takeFile() {
            do throws(TrailError) {
                try decoder.decode(files[index], index: index) { batch in put(batch, of: index) }
            } catch {
                return lanes.change { $0.errors[index] = error }
            }
        }
    }

    private func takeFile() -> Int? {
        lanes.wait { [files, window] lanes -> Int?? in
            guard lanes.next < files.count, !lanes.isStopped, lanes.errors.isEmpty else { return .some(nil) }
            guard lanes.next < lanes.current + window else { return nil }
            lanes.next += 1
            return lanes.next - 1
        }
    }

    private func put(_ batch: DecodedBatch, of index: Int) -> Bool {
        lanes.wait { [waitingBatches] lanes in
            if lanes.isStopped { return false }
            let isWanted =
                index == lanes.current && lanes.batches[index]?.count ?? 0 < Self.currentBatches
            guard lanes.waiting < waitingBatches || isWanted else { return nil }
            lanes.batches[index, default: []].append(batch)
            lanes.waiting += 1
            return true
        }
    }
}
