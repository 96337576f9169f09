package org.fl4j.compression;

import org.fl4j.fixture.ContractCoverage;

/** Each implementation of this module has its contract. */
class ContractsTest extends ContractCoverage {}
