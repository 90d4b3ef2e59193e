import Detection

// What others ask of the state.

extension Detector {
    /// Time for inquiries in one turn.
    private static let inquiryTime = Duration.milliseconds(3)

    /// Answers what others ask, a slice of it, when nothing is uncommitted.
    func answerInquiries() {
        guard let desk = board.inquiries, desk.isAsked, core.pending.since == nil else { return }
        let deadline = ContinuousClock.now + Self.inquiryTime
        repeat {
            guard var work = inquiryWork ?? desk.next().map({ InquiryWork($0) }) else { return }
            inquiryWork = nil
            let content: InquiryAnswer.Content
            if case .restoring = core.phase {
                content = .notReady(core.phase.words)
            } else if let answer = work.advance(core.engine, until: deadline) {
                content = answer
            } else {
                inquiryWork = work
                return
            }
            log.debug(
                "inquiry answered",
                ["inquiry": .text("\(work.inquiry)"), "milliseconds": .decimal(work.time / .milliseconds(1))]
            )
            desk.answer(
                work.inquiry,
                InquiryAnswer(
                    content: content,
                    streamTime: core.engine.state.streamTime,
                    policyHash: core.engine.policy.hash,
                    work: work.time
                )
            )
        } while ContinuousClock.now < deadline
    }
}
