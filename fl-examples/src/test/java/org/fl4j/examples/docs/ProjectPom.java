package org.fl4j.examples.docs;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.ErrorHandler;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.SAXParseException;

/** The versions that the build of this project uses, against which fragments of a user's POM are judged. */
final class ProjectPom {
    private static final Pattern PROPERTY = Pattern.compile("\\$\\{([^}]+)}");
    private static final Pattern COORDINATES = Pattern.compile("([a-z0-9]+(?:\\.[a-z0-9]+)+):([a-z][a-z0-9-]*):(\\S+)");
    private static final String OWN_GROUP = "org.fl4j";
    private static final String BILL = "fl-bom";

    private final Map<String, String> properties = new TreeMap<>();
    private final Map<String, String> versions = new TreeMap<>();
    private final Set<String> managed = new TreeSet<>(); // by the bill of materials

    /** Reads the POM at the root of the project, and its bill of materials. */
    ProjectPom(Path file) throws ParserConfigurationException, SAXException, IOException {
        Element project = builder().parse(file.toFile()).getDocumentElement();
        String own = text(project, "version").orElseThrow();
        properties.put("project.version", own);
        for (Element list : elements(project, "properties")) {
            NodeList children = list.getChildNodes();
            for (int i = 0; i < children.getLength(); i++) {
                properties.put(children.item(i).getNodeName(), children.item(i).getTextContent());
            }
        }
        elements(project, "module").forEach(module -> versions.put(OWN_GROUP + ":" + module.getTextContent(), own));
        for (String kind : List.of("dependency", "plugin")) {
            for (Element element : elements(project, kind)) {
                text(element, "version").ifPresent(version -> versions.put(key(element), resolved(version)));
            }
        }
        // They are released together.
        versions.put("org.junit.jupiter:junit-jupiter", versions.get("org.junit:junit-bom"));
        versions.put("org.slf4j:slf4j-simple", versions.get("org.slf4j:slf4j-api"));
        Element bill = builder()
                .parse(file.resolveSibling(BILL).resolve("pom.xml").toFile())
                .getDocumentElement();
        elements(bill, "dependency").forEach(dependency -> managed.add(key(dependency)));
    }

    /** Returns what is wrong with a fragment; plug-ins that this build does not use may have any version. */
    List<String> faults(String fragment) throws ParserConfigurationException, IOException {
        Document document;
        try {
            String whole = fragment.replaceFirst("^\\s*<\\?xml.*?\\?>", "");
            document = builder().parse(new InputSource(new StringReader("<fragment>" + whole + "</fragment>")));
        } catch (SAXException e) {
            return List.of("is not XML: " + e.getMessage());
        }
        List<String> faults = new ArrayList<>();
        for (Element dependency : elements(document.getDocumentElement(), "dependency")) {
            Optional<String> version = text(dependency, "version").map(this::resolved);
            boolean byBill = version.isEmpty() && fragment.contains(BILL) && managed.contains(key(dependency));
            if (!byBill) {
                fault(key(dependency), version.orElse("(no version)")).ifPresent(faults::add);
            }
        }
        for (Element plugin : elements(document.getDocumentElement(), "plugin")) {
            if (versions.containsKey(key(plugin))) {
                fault(key(plugin), text(plugin, "version").orElse("(no version)"))
                        .ifPresent(faults::add);
            }
        }
        return faults;
    }

    /**
     * Returns what is wrong with {@code group:artifact:version}, if the text is of that form and this build uses the
     * artifact.
     */
    Optional<String> faultOfCoordinates(String text) {
        Matcher coordinates = COORDINATES.matcher(text);
        if (!coordinates.matches()) {
            return Optional.empty();
        }
        String key = coordinates.group(1) + ":" + coordinates.group(2);
        return versions.containsKey(key) ? fault(key, coordinates.group(3)) : Optional.empty();
    }

    private Optional<String> fault(String key, String version) {
        String known = versions.get(key);
        if (known == null) {
            return Optional.of(key + ":" + version + " is not an artifact of this build");
        }
        return known.equals(version)
                ? Optional.empty()
                : Optional.of(key + ":" + version + " is " + known + " in this build");
    }

    private String resolved(String text) {
        String value = text;
        for (Matcher property = PROPERTY.matcher(value); property.find(); property = PROPERTY.matcher(value)) {
            value = value.replace(property.group(), properties.getOrDefault(property.group(1), "?"));
        }
        return value;
    }

    private static String key(Element element) {
        return text(element, "groupId").orElse("org.apache.maven.plugins") + ":"
                + text(element, "artifactId").orElse("?");
    }

    private static Optional<String> text(Element parent, String name) {
        for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child.getNodeName().equals(name)) {
                return Optional.of(child.getTextContent().strip());
            }
        }
        return Optional.empty();
    }

    private static List<Element> elements(Element root, String name) {
        NodeList found = root.getElementsByTagName(name);
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            elements.add((Element) found.item(i));
        }
        return elements;
    }

    private static DocumentBuilder builder() throws ParserConfigurationException {
        DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        builder.setErrorHandler(
                new ErrorHandler() { // the usual one prints
                    @Override
                    public void warning(SAXParseException exception) {}

                    @Override
                    public void error(SAXParseException exception) throws SAXException {
                        throw exception;
                    }

                    @Override
                    public void fatalError(SAXParseException exception) throws SAXException {
                        throw exception;
                    }
                });
        return builder;
    }
}
