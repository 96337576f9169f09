package org.fl4j.examples;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.fl4j.fixture.HouseRules;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.internal.Durable;

/** What this module's packages know. Programs print. */
@AnalyzeClasses(locations = HouseRules.OwnClasses.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule RANDOMNESS = HouseRules.RANDOMNESS_HAS_A_SEED;

    @ArchTest
    static final ArchRule NO_MUTABLE_STATICS = HouseRules.NO_MUTABLE_STATICS;

    @ArchTest
    static final ArchRule ONLY_TENSOR_TOUCHES_THE_ENGINE = HouseRules.ONLY_TENSOR_TOUCHES_THE_ENGINE;

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("org.fl4j.examples.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule INTERNALS = HouseRules.usesOfTheInternalPackage(DirectoryLock.class, Durable.class);
}
