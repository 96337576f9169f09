package org.fl4j.experiments;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.junit.ArchTests;
import com.tngtech.archunit.lang.ArchRule;
import org.fl4j.fixture.HouseRules;
import org.fl4j.internal.Csv;
import org.fl4j.internal.Decimals;
import org.fl4j.internal.DirectoryLock;
import org.fl4j.internal.Durable;
import org.fl4j.internal.FileNames;
import org.fl4j.internal.Json;
import org.fl4j.internal.Sha256;
import org.fl4j.internal.TextFiles;
import org.fl4j.internal.UnpackFolder;

/** What this module's packages know. */
@AnalyzeClasses(locations = HouseRules.OwnClasses.class)
class ArchitectureTest {
    @ArchTest
    static final ArchTests HOUSE = ArchTests.in(HouseRules.class);

    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("org.fl4j.experiments.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule KNOWS_THE_CORE_ALONE = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "org.fl4j.aggregators..",
                    "org.fl4j.examples..",
                    "org.fl4j.privacy..",
                    "org.fl4j.compression..",
                    "org.fl4j.selection..",
                    "org.fl4j.testing..");

    @ArchTest
    static final ArchRule INTERNALS = HouseRules.usesOfTheInternalPackage(
            Csv.class,
            Decimals.class,
            DirectoryLock.class,
            Durable.class,
            FileNames.class,
            Json.class,
            Sha256.class,
            TextFiles.class,
            UnpackFolder.class);
}
