package org.fl4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The floors of fl-core: a package imports only lower floors. */
@AnalyzeClasses(packages = "org.fl4j", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule FLOORS = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("0")
            .definedBy("org.fl4j.internal..", "org.fl4j.random..", "org.fl4j.metrics..", "org.fl4j.registry..")
            .layer("1")
            .definedBy("org.fl4j.tensor..")
            .layer("2")
            .definedBy("org.fl4j.core..")
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
            .layer("6")
            .definedBy("org.fl4j.tracking..")
            .whereLayer("6")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("5")
            .mayOnlyBeAccessedByLayers("6")
            .whereLayer("4")
            .mayOnlyBeAccessedByLayers("5", "6")
            .whereLayer("3")
            .mayOnlyBeAccessedByLayers("4", "5", "6")
            .whereLayer("2")
            .mayOnlyBeAccessedByLayers("3", "4", "5", "6")
            .whereLayer("1")
            .mayOnlyBeAccessedByLayers("2", "3", "4", "5", "6");

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("org.fl4j.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule SCRIPTS_LIE_BELOW_TENSORS = noClasses()
            .that()
            .resideInAPackage("org.fl4j.tensor.script..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.fl4j.tensor");

    @ArchTest
    static final ArchRule ONLY_TENSOR_TOUCHES_THE_ENGINE = noClasses()
            .that()
            .resideOutsideOfPackage("org.fl4j.tensor..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("ai.djl.pytorch..");

    @ArchTest
    static final ArchRule RANDOMNESS_HAS_A_SEED = noClasses()
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.Random")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.concurrent.ThreadLocalRandom")
            .orShould()
            .callMethod(Math.class, "random");

    @ArchTest
    static final ArchRule NOTHING_IS_PRINTED = noClasses()
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err")
            .orShould()
            .callMethod(Throwable.class, "printStackTrace");

    @ArchTest
    static final ArchRule NO_MUTABLE_STATICS =
            fields().that().areStatic().should().beFinal();

    @ArchTest
    static final ArchRule PUBLIC_CLASSES_ARE_CLOSED_UNLESS_MEANT_TO_BE_EXTENDED = classes()
            .that()
            .arePublic()
            .and()
            .areNotInterfaces()
            .and()
            .areTopLevelClasses()
            .and()
            .doNotHaveSimpleName("SgdClient")
            .and()
            .doNotHaveModifier(JavaModifier.ABSTRACT)
            .should()
            .haveModifier(JavaModifier.FINAL);
}
