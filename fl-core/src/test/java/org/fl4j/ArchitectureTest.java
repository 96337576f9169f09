package org.fl4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.ArchTests;
import com.tngtech.archunit.lang.ArchRule;
import org.fl4j.fixture.HouseRules;

/** The floors of fl-core: a package imports only lower floors. */
@AnalyzeClasses(locations = HouseRules.OwnClasses.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule FLOORS = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("0")
            .definedBy("org.fl4j.internal..", "org.fl4j.random..", "org.fl4j.metrics..", "org.fl4j.registry..")
            .layer("1")
            .definedBy("org.fl4j.tensor..")
            .layer("2")
            .definedBy("org.fl4j.core..", "org.fl4j.message..")
            .layer("3")
            .definedBy(
                    "org.fl4j.data..",
                    "org.fl4j.model..",
                    "org.fl4j.world..",
                    "org.fl4j.execution..",
                    "org.fl4j.monitoring..",
                    "org.fl4j.wire..")
            .layer("4")
            .definedBy("org.fl4j.client..", "org.fl4j.server..")
            .layer("5")
            .definedBy("org.fl4j.simulation..")
            .whereLayer("5")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("4")
            .mayOnlyBeAccessedByLayers("5")
            .whereLayer("3")
            .mayOnlyBeAccessedByLayers("4", "5")
            .whereLayer("2")
            .mayOnlyBeAccessedByLayers("3", "4", "5")
            .whereLayer("1")
            .mayOnlyBeAccessedByLayers("2", "3", "4", "5");

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("org.fl4j.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule MESSAGES_ARE_VALUES = noClasses()
            .that()
            .resideInAPackage("org.fl4j.message..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.fl4j.core..");

    @ArchTest
    static void theVocabularyHasAtMostTwentyTypes(JavaClasses classes) {
        assertThat(classes.stream()
                        .filter(type -> type.getPackageName().equals("org.fl4j.core"))
                        .filter(type ->
                                type.isTopLevelClass() && !type.getSimpleName().equals("package-info"))
                        .map(JavaClass::getSimpleName))
                .hasSizeLessThanOrEqualTo(20);
    }

    @ArchTest
    static final ArchRule SCRIPTS_LIE_BELOW_TENSORS = noClasses()
            .that()
            .resideInAPackage("org.fl4j.tensor.internal..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.fl4j.tensor");

    @ArchTest
    static final ArchTests HOUSE = ArchTests.in(HouseRules.class);
}
