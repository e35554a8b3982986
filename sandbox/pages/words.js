// The few words of the pretend Jira itself, in English and French.

const FRENCH = {
  "Projects": "Projets", "Create issue": "Créer un ticket", "Apps": "Applications", "Log": "Journal",
  "Reader": "Utilisateur", "Language": "Langue", "Theme": "Thème", "Light": "Clair", "Dark": "Sombre",
  "Issues": "Tickets", "Project settings": "Paramètres du projet", "Key": "Clé", "Summary": "Résumé", "Type": "Type",
  "Status": "État", "Description": "Description", "No description.": "Aucune description.", "Sub-tasks": "Sous-tâches",
  "Child issues": "Tickets enfants", "Comments": "Commentaires", "No comment yet.": "Aucun commentaire pour l’instant.",
  "Add a comment": "Ajouter un commentaire", "Comment": "Commenter", "Details": "Détails", "Reporter": "Rapporteur", "Priority": "Priorité",
  "Labels": "Étiquettes", "Created": "Création", "None": "Aucune", "Project": "Projet", "Create": "Créer",
  "The add-on is not installed.": "L’application n’est pas installée.", "Install": "Installer", "Uninstall": "Désinstaller",
  "Reinstall": "Réinstaller", "Disable": "Désactiver", "Enable": "Activer", "Address of the add-on": "Adresse de l’application",
  "You cannot see this, or it does not exist.": "Vous ne pouvez pas voir ceci, ou cela n’existe pas.",
  "Requests of the add-on that Jira would refuse": "Requêtes de l’application que Jira refuserait",
  "None: every request of the add-on was right.": "Aucune : toutes les requêtes de l’application étaient correctes.",
  "Webhook deliveries": "Envois de webhooks", "Requests of the add-on": "Requêtes de l’application", "Nothing yet.": "Rien pour l’instant.",
  "enabled": "activée", "disabled": "désactivée", "uninstalled": "désinstallée",
  "issue": "ticket", "issues": "tickets", "company-managed": "géré par l’entreprise", "team-managed": "géré par l’équipe", "service project": "centre de services",
  "internal note": "note interne", "Acceptance criteria": "Critères d’acceptation", "Done": "Fait", "Manage apps": "Gérer les applications",
  "Fill with an example": "Remplir avec un exemple", "This person may not create issues here.": "Cette personne ne peut pas créer de ticket ici.",
  "Open": "Ouvrir", "edited": "modifié", "When": "Quand", "What": "Quoi", "Operation": "Opération", "Answer": "Réponse", "Actor": "Auteur",
};

export let language = "en";
export function speak(code) { language = code; document.documentElement.lang = code; }
export const w = (text) => (language === "fr" ? FRENCH[text] ?? text : text);
export const when = (text) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" })
  .format(new Date(String(text).replace(/([+-]\d\d)(\d\d)$/, "$1:$2")));
