// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// No signal arrives between the making of a file and its registration for removal.
#ifndef LPC_LIB_SUPPORT_BLOCKEDSIGNALS_H
#define LPC_LIB_SUPPORT_BLOCKEDSIGNALS_H

#include <csignal>

namespace lpc {

/// Signals to this thread wait until the object goes.
class BlockedSignals {
public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  BlockedSignals(const BlockedSignals &) = delete;
  BlockedSignals &operator=(const BlockedSignals &) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }

private:
  sigset_t before;
};

} // namespace lpc

#endif // LPC_LIB_SUPPORT_BLOCKEDSIGNALS_H
