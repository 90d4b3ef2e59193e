package import CloudTrail
internal import Cryptography
package import TrailArchive

/// Verifies downloaded buckets of CloudTrail: every digest's signature, every log file's hash, every hour.
package struct Verification: Sendable {
    /// What CloudTrail signs with.
    package var keys = PublicKeys()
    /// What S3 kept beside the digests, as far as it is given.
    package var metadata = ObjectMetadata()
    /// Digests that end by then, and log files that no digest names and that were delivered by then, are not asked for.
    package var since = EventTime.distantPast
    /// How many threads read.
    package var threads = 1

    package init() {}

    /// Verifies all that lies below paths.
    ///
    /// - Throws: `TrailError` when a path cannot be listed.
    package func verify(paths: [String]) throws(TrailError) -> IntegrityReport {
        let listing = try BucketListing(paths: paths)
        let digests = listing.files.indices.filter {
            let key = listing.files[$0].key
            return key.kind == .digest && (DigestName(key)?.end ?? .distantFuture) > since
        }
        let read = Parallel.map(
            digests.count,
            threads: threads,
            worker: { (MemberReader(), JSONParser(depth: JSONInput.depth)) },
            { worker, index in (digests[index], Self.read(digests[index], listing, worker.0, worker.1)) }
        )
        let chains = DigestChains(read, listing: listing, keys: keys, metadata: metadata, since: since)
        var logs = LogFiles(listing: listing, chains: chains, since: since)
        logs.verify(threads: threads)
        return logs.report()
    }

    private static func read(
        _ file: Int,
        _ listing: BucketListing,
        _ reader: MemberReader,
        _ parser: JSONParser
    ) -> Result<Digest, IntegrityFault> {
        let read: Result<Result<Digest, IntegrityFault>, FileFault> = reader.read(listing.files[file].path) {
            bytes in
            do throws(Digest.Refusal) {
                return .success(.success(try Digest(bytes, parser: parser, find: listing.place)))
            } catch {
                return .success(.failure(.document(error.reason)))
            }
        }
        switch read {
        case .success(let digest): return digest
        case .failure(let fault): return .failure(.file(fault))
        }
    }
}
