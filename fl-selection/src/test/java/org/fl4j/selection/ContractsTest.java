package org.fl4j.selection;

import org.fl4j.testing.ContractCoverage;

/** Each implementation of this module has its contract. */
class ContractsTest extends ContractCoverage {}
