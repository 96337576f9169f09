package org.fl4j.testing;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import org.fl4j.fixture.HouseRules;

/** A user of the contracts needs fl-core, JUnit and AssertJ, and nothing that is internal. */
@AnalyzeClasses(locations = HouseRules.OwnClasses.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule RANDOMNESS = HouseRules.RANDOMNESS_HAS_A_SEED;

    @ArchTest
    static final ArchRule NOTHING_IS_PRINTED = HouseRules.NOTHING_IS_PRINTED;

    @ArchTest
    static final ArchRule KNOWS_FEW_LIBRARIES = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "java..",
                    "ai.djl..",
                    "org.fl4j..",
                    "org.junit.jupiter.api..",
                    "org.opentest4j..",
                    "org.assertj.core..");

    @ArchTest
    static final ArchRule KNOWS_NOTHING_INTERNAL = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideOutsideOfPackages(
                    "org.fl4j.internal..",
                    "org.fl4j.aggregators..",
                    "org.fl4j.privacy..",
                    "org.fl4j.compression..",
                    "org.fl4j.selection..",
                    "org.fl4j.experiments..",
                    "org.fl4j.examples..");
}
