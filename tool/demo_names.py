# SPDX-License-Identifier: Apache-2.0
"""Names, streets and titles the demo company (demo.py) is made of.

They are common names of five languages, chosen for their letters: umlauts,
accents, ligatures, dotless i, apostrophes, particles and hyphens.
"""


def words(text):
    """Splits at commas and newlines, so that names may hold blanks."""
    parts = text.replace("\n", ",").split(",")
    return [part.strip() for part in parts if part.strip()]


GIVEN = {
    "de": words("""
        Anna, Lena, Jürgen, Käthe, Björn, Jörg, Sören, Günther, Heike, Uwe,
        Ute, Sabine, Petra, Monika, Claudia, Susanne, Martina, Andrea, Birgit,
        Thomas, Michael, Andreas, Stefan, Christian, Markus, Matthias, Frank,
        Martin, Peter, Klaus, Wolfgang, Jürgen Maria, Hans-Peter, Karl-Heinz,
        Anne-Kathrin, Eva-Maria, Marie-Luise, Ann-Sophie, Klara, Zoë, Chloé,
        Leonie, Lea, Mia, Emma, Sophie, Hannah, Emilia, Ida, Frieda, Mathilda,
        Ben, Paul, Jonas, Finn, Noah, Luis, Felix, Maximilian, Moritz, Anton,
        Jakob, Emil, Oskar, Götz, Jörn, Hülya, Bärbel, Dörte, Gürkan, Traudl,
        Veronika, Therese, Leopold, Xaver, Sepp, Resi, Florian, Tobias, Ulrike,
        Kerstin, Silke, Antje, Gesine, Wiebke, Fenja, Tjark, Henning,
        Volker"""),
    "fr": words("""
        Aurélie, Hélène, Céline, Amélie, Zoé, Chloé, Inès, Maëlle, Noémie,
        Françoise, Geneviève, Anaïs, Éloïse, Léa, Margaux, Camille, Manon,
        Océane, Solène, Clémence, Agnès, Béatrice, Valérie, Nathalie, Sylvie,
        René, André, François, Jérôme, Stéphane, Frédéric, Cédric, Loïc, Noël,
        Gaël, Raphaël, Joël, Anaël, Théo, Léo, Mathéo, Timothée, Barnabé,
        Jean-Pierre, Jean-François, Jean-Noël, Marie-Hélène, Marie-Ève,
        Anne-Laure, Pierre, Luc, Étienne, Émile, Benoît, Maître-Paul, Côme,
        Guillaume, Thibault, Mathieu, Nicolas, Olivier, Julien, Romain"""),
    "nl": words("""
        Daan, Sem, Lucas, Levi, Finn, Noud, Bram, Thijs, Jesse, Sjoerd, Geert,
        Pieter, Wouter, Joost, Maarten, Ruben, Sven, Teun, Jelle, Tjeerd,
        Renée, Zoë, Noëlle, Chloë, Daniëlle, Michèle, Ariëlle, Loïs, Jolijn,
        Fleur, Sanne, Lotte, Femke, Anouk, Marijke, Wilhelmina, Geertje, Saskia,
        Annelies, Liesbeth, Maud, Roos, Sterre, Noor, Evi, Jan-Willem,
        Anne-Fleur, Bart-Jan, Marie-José, Kees, Ton, Rinus, Ineke, Trijntje"""),
    "pl": words("""
        Małgorzata, Agnieszka, Katarzyna, Elżbieta, Zofia, Łucja, Grażyna,
        Bożena, Żaneta, Władysława, Jadwiga, Ewa, Iwona, Danuta, Beata, Kinga,
        Oliwia, Wiktoria, Natalia, Stanisława, Michał, Łukasz, Paweł, Rafał,
        Stanisław, Mirosław, Wojciech, Krzysztof, Grzegorz, Władysław, Zdzisław,
        Bogusław, Jacek, Tomasz, Maciej, Jędrzej, Błażej, Mikołaj, Józef"""),
    "tr": words("""
        Ayşe, Fatma, Zeynep, Elif, Çiğdem, Gülşen, Şule, Özlem, Ümmü Gülsüm,
        Emine, Hatice, Yasemin, Nurgül, Sıla, İrem, Ebru, Tuğba, Büşra, Pınar,
        Mehmet, Mustafa, Ahmet, Ali, Hüseyin, Hasan, İbrahim, İsmail, Çağrı,
        Özgür, Ömer, Uğur, Gökhan, Tuğrul, Şükrü, Işık, Yiğit, Kıvanç,
        Barış"""),
}

FAMILY = {
    "de": words("""
        Müller, Schmidt, Schneider, Fischer, Weber, Meyer, Wagner, Becker,
        Schulz, Hoffmann, Schäfer, Koch, Bauer, Richter, Klein, Wolf, Schröder,
        Neumann, Schwarz, Zimmermann, Braun, Krüger, Hofmann, Hartmann, Lange,
        Schmitt, Werner, Krause, Meier, Lehmann, Schmid, Schulze, Maier,
        Köhler, Herrmann, König, Walter, Mayer, Huber, Kaiser, Fuchs, Peters,
        Lang, Scholz, Möller, Weiß, Jung, Hahn, Schubert, Vogel, Friedrich,
        Keller, Günther, Frank, Berger, Winkler, Roth, Beck, Lorenz, Baumann,
        Franke, Albrecht, Schuster, Simon, Ludwig, Böhm, Winter, Kraus, Martin,
        Schumacher, Krämer, Vogt, Stein, Jäger, Otto, Sommer, Groß, Seidel,
        Heinrich, Brandt, Haas, Schreiber, Graf, Schulte, Dietrich, Ziegler,
        Kuhn, Kühn, Pohl, Engel, Horn, Busch, Bergmann, Thomas, Voigt, Sauer,
        Arnold, Wolff, Pfeiffer, Löwe, Straußberger, Übelacker, Öztürk-Hahn,
        von der Heide, von Bülow, zu Guttenberg, Freiherr von Stein, Grüßner,
        Gößmann, Preuß, Heß, Kreß, Nußbaumer, Süß, Weißgerber, Ähnlich"""),
    "fr": words("""
        Martin, Bernard, Dubois, Thomas, Robert, Richard, Petit, Durand, Leroy,
        Moreau, Simon, Laurent, Lefèvre, Michel, Garcia, David, Bertrand, Roux,
        Vincent, Fournier, Morel, Girard, André, Mercier, Dupont, Lambert,
        Bonnet, François, Martínez, Legrand, Garnier, Faure, Rousseau, Blanc,
        Guérin, Müller, Henry, Roussel, Nicolas, Perrin, Morin, Mathieu,
        Clément, Gauthier, Dumont, López, Fontaine, Chevalier, Robin, Masson,
        Sánchez, Gérard, Nguyen, Boyer, Denis, Lemaire, Duval, Joly, Gautier,
        Roger, Roche, Roy, Noël, Meyer, Lucas, Meunier, Jean, Pérez, Marchand,
        Dufour, Blanchard, Marie, Barbier, Brun, Dumas, Brunet, Schmitt,
        Leroux, Colas, Fernández, de La Tour, d'Aubigné, L'Hôpital, Cœur,
        Lœuillet, Le Goff, Le Bœuf, Du Châtelet, Saint-Exupéry, Œhmichen"""),
    "nl": words("""
        de Jong, Jansen, de Vries, van den Berg, van Dijk, Bakker, Janssen,
        Visser, Smit, Meijer, de Boer, Mulder, de Groot, Bos, Vos, Peters,
        Hendriks, van Leeuwen, Dekker, Brouwer, de Wit, Dijkstra, Smits,
        de Graaf, van der Meer, van der Linden, Kok, Jacobs, de Haan,
        Vermeulen, van den Heuvel, van der Veen, van den Broek, de Bruijn,
        de Bruin, van der Heijden, Schouten, van Beek, Willems, van Vliet,
        van de Ven, Hoekstra, Maas, Verhoeven, Koster, van Dam, van der Wal,
        Prins, Blom, Huisman, Peeters, de Jonge, Kuipers, van Veen, Post,
        Kuiper, Veenstra, Kramer, van den Brink, Scholten, van Wijk, Postma,
        Martens, Vink, de Ruiter, Timmermans, Groen, Gerritsen, Jonker,
        van Loon, Boer, van der Velde, Willemsen, Smeets, de Lange, de Vos,
        't Hart, van 't Hof, in 't Veld, op den Camp, Ten Cate, Coëlho,
        Daniëls, Reünie, Zuiderzee-de Graaff"""),
    "pl": words("""
        Nowak, Kowalski, Wiśniewski, Wójcik, Kowalczyk, Kamiński, Lewandowski,
        Zieliński, Szymański, Woźniak, Dąbrowski, Kozłowski, Jankowski, Mazur,
        Wojciechowski, Kwiatkowski, Krawczyk, Kaczmarek, Piotrowski,
        Grabowski, Zając, Pawłowski, Michalski, Król, Wieczorek, Jabłoński,
        Wróbel, Nowakowski, Majewski, Olszewski, Stępień, Malinowski,
        Jaworski, Adamczyk, Dudek, Nowicki, Pawlak, Górski, Witkowski,
        Walczak, Sikora, Baran, Rutkowski, Michalak, Szewczyk, Ostrowski,
        Tomaszewski, Pietrzak, Zalewski, Wróblewski, Łuczak, Żak, Ślusarczyk,
        Brzęczyszczykiewicz, Gżegżółka, Święcicki, Źdźbło"""),
    "tr": words("""
        Yılmaz, Kaya, Demir, Çelik, Şahin, Yıldız, Yıldırım, Öztürk, Aydın,
        Özdemir, Arslan, Doğan, Kılıç, Aslan, Çetin, Kara, Koç, Kurt, Özkan,
        Şimşek, Polat, Korkmaz, Özcan, Çakır, Erdoğan, Avcı, Aksoy, Güneş,
        Acar, Bulut, Tekin, Güler, Yavuz, Işık, Sarı, Taş, Keskin, Turan,
        Bozkurt, Ünal, Türk, Gül, Ateş, Uçar, Coşkun, Karataş, İnce, Özgür"""),
}

# The mix of languages among the people of a country, in percent.
MIX = {
    "DE": {"de": 82, "tr": 8, "pl": 6, "fr": 2, "nl": 2},
    "AT": {"de": 85, "tr": 6, "pl": 6, "fr": 2, "nl": 1},
    "FR": {"fr": 92, "de": 3, "pl": 2, "tr": 3},
    "NL": {"nl": 86, "tr": 6, "de": 5, "pl": 3},
}

STREETS = {
    "DE": words("""
        Hauptstraße, Schönhauser Allee, Müllerstraße, Königsplatz, Am Anger,
        Straße des 17. Juni, Lindenweg, Gärtnerplatz, Prüfeninger Straße,
        An der Mühle, Größerer Weg, Bahnhofstr."""),
    "AT": words("""
        Mariahilfer Straße, Währinger Straße, Naschmarktgasse, Döblinger Gürtel,
        Am Hof, Praterstraße, Landstraßer Hauptstraße"""),
    "FR": words("""
        rue de la République, quai Saint-Antoine, cours Lafayette,
        place des Célestins, allée des Cèdres, rue Père-Chevrier,
        boulevard de la Croix-Rousse, impasse de l'Hôpital"""),
    "NL": words("""
        Oudegracht, Coolsingel, Meent, 's-Gravendijkwal, Lange Viestraat,
        Wittevrouwensingel, Kruiskade, Prins Hendriklaan, Oostzeedijk"""),
}

TITLES = {
    "management": ["Geschäftsführer", "Standortleiterin",
                   "Assistenz der Leitung"],
    "sales": ["Vertriebsbeauftragte", "Key Account Manager", "Innendienst"],
    "marketing": ["Redakteurin", "Grafiker", "Leiter \"Marke & Messe\""],
    "service": ["Servicetechniker", "Kundenberaterin",
                "Field Service Engineer"],
    "finance": ["Buchhalter", "Bilanzbuchhalterin", "Treasury Analyst"],
    "controlling": ["Controller", "Werkscontrollerin"],
    "purchasing": ["Einkäufer", "Strategische Einkäuferin", "Acheteur"],
    "engineering": ["Konstrukteur", "Entwicklungsingenieurin",
                    "Ingénieure R&D"],
    "design": ["Produktdesignerin", "Designer \"Digitale Werkstatt\""],
    "production": ["Maschinenführer", "Schichtleiterin", "Monteur"],
    "quality": ["Prüferin", "Qualitätsingenieur"],
    "logistics": ["Disponent", "Lageristin", "Magazijnmedewerker"],
    "hr": ["Personalreferentin", "Recruiter", "Ausbilder"],
}

# Titles for the departments that have none of their own.
TITLES_OTHER = ["Sachbearbeiter", "Referentin", "Teamassistenz", "Spezialist",
                "Projektleiter; Stellvertretung"]
